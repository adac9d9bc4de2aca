/**
 * `npm run example -- <name> [arguments]`: runs one of the examples; without a name, lists them.
 *
 * An example is a directory here. One with a `main.ts` is run by it; any other has a `veltrix.app.ts` and is run by `veltrix dev`.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

const names = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entryOf(entry.name) !== undefined)
  .map((entry) => entry.name)
  .sort()

const [name, ...rest] = process.argv.slice(2)
if (name === undefined || name === '--help') list(console.log)
else if (!names.includes(name)) {
  console.error(`There is no example "${name}".`)
  list(console.error)
  process.exitCode = 2
} else run(name, rest)

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

function run(example: string, args: readonly string[]): void {
  const entry = entryOf(example)!
  const command = entry.endsWith('main.ts') ? [entry, ...args] : [cli, 'dev', join(here, example), ...args]
  const child = spawn(process.execPath, command, { stdio: 'inherit' })
  // Ctrl-C reaches the child by itself; a signal to this process alone is passed on. Either way the child decides when to end.
  let fromTerminal = false
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY || fromTerminal) child.kill('SIGINT')
    fromTerminal = process.stdin.isTTY
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + ({ SIGINT: 2, SIGTERM: 15, SIGKILL: 9 }[signal as string] ?? 0)
  })
}
