/**
 * `npm run example -- <name> [arguments]`: runs one of the examples; without a name, lists them.
 *
 * An example is a directory here. One with a `main.ts` is run by it; any other has a `veltrix.app.ts` and is run by `veltrix dev`.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entryOf(entry.name) !== undefined)
  .map((entry) => entry.name)
  .sort()

const [name, ...rest] = process.argv.slice(2)
if (name === undefined || name === '--help' || name === '-h') list(console.log)
else if (!names.includes(name)) {
  console.error(`There is no example "${name}".`)
  list(console.error)
  process.exitCode = 2
} else await run(name, rest)

function list(print: (line: string) => void): void {
  print('npm run example -- <name> [arguments]\n')
  for (const example of names) print(`  ${example.padEnd(12)} ${summaryOf(example)}`)
}

/** The file an example begins with. */
function entryOf(example: string): string | undefined {
  return ['main.ts', 'veltrix.app.ts'].map((file) => join(here, example, file)).find((file) => existsSync(file))
}

/** The first sentence of its typed file's comment. */
function summaryOf(example: string): string {
  const file = join(here, example, 'veltrix.config.ts')
  const comment = existsSync(file) ? /\/\*\*\n \* ([^\n]+)/.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return comment?.split('. ')[0]?.replace(/\.$/, '') ?? ''
}

/** In this process, so that a signal reaches the example as it comes, and once. */
async function run(example: string, args: readonly string[]): Promise<void> {
  const entry = entryOf(example)!
  const command = entry.endsWith('main.ts') ? [entry] : [cli, 'dev', join(here, example)]
  process.argv.splice(1, process.argv.length, ...command, ...args)
  await import(pathToFileURL(command[0]!).href)
}
