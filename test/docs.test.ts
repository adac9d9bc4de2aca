/**
 * The pages under docs are true where a machine can tell: links lead somewhere, named files exist, and what repeats the code equals it.
 * Update the generated pages with `npx vitest run test/docs -u`.
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { exitCodeMeanings } from '../src/cli/exit-codes.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

describe.each(pages)('%s', (page) => {
  const text = read(page)

  test('its links lead to files', () => {
    const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) => match[1]!)
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([])
  })

  test('files it names exist', () => {
    const named = [...text.matchAll(/`((?:src|test|examples|scripts|bench|docs)\/[\w./-]+)`/g)].map(
      (match) => match[1]!,
    )
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('npm scripts it names exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]!)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})

test('docs/reference/cli.md is what --help prints', async () => {
  const commands = [
    '',
    ...commandNames(await help('')),
    ...commandNames(await help('dead')).map((name) => `dead ${name}`),
  ]
  const parts = [
    '# The command line\n\nEvery page of `veltrix --help`, as it is printed. `test/docs.test.ts` writes this file.\n',
  ]
  for (const command of commands) {
    parts.push(
      `## veltrix${command === '' ? '' : ` ${command}`}\n\n\`\`\`text\n${(await help(command)).trim()}\n\`\`\`\n`,
    )
  }
  await expect(parts.join('\n')).toMatchFileSnapshot('../docs/reference/cli.md')
}, 60_000)

async function help(command: string): Promise<string> {
  const args = [join(root, 'src/cli/main.ts'), ...command.split(' ').filter((word) => word !== ''), '--help']
  const env = { ...process.env, NO_COLOR: '1', COLUMNS: '100' }
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  return stdout.replaceAll(/[ \t]+$/gm, '')
}

/** Names under "Commands". */
function commandNames(text: string): string[] {
  const list = /\nCommands\n((?: {2}\S.*\n)+)/.exec(text)?.[1] ?? ''
  return [...list.matchAll(/^ {2}(\S+)/gm)].map((match) => match[1]!)
}

test('docs/reference/exit-codes.md is the table of the code', async () => {
  const rows = exitCodeMeanings.map(([code, meaning]) => `- **${code}**: ${meaning}\n`).join('')
  const text = `# Exit codes\n\nOf every \`veltrix\` command; scripts may rely on them. \`test/docs.test.ts\` writes this file.\n\n${rows}`
  await expect(text).toMatchFileSnapshot('../docs/reference/exit-codes.md')
})

test('docs/reference/channels.md names every channel and its fields, and no other', () => {
  const source = read('src/channels.ts')
  const page = read('docs/reference/channels.md')
  const inCode = [...source.matchAll(/'(veltrix:[\w:]+)'/g)].map((match) => match[1]!)
  const inPage = [...page.matchAll(/^## `(veltrix:[\w:]+)`/gm)].map((match) => match[1]!)
  expect(inPage.toSorted()).toEqual(inCode.toSorted())
})

test('docs/reference/config.md names every option of the typed file, and no other', () => {
  const source = read('src/config/definition.ts').replace(
    /^ {2}\/\*\* Only for the compiler[^]*?\n {2}readonly.*$/gm,
    '',
  )
  const options = new Set([...source.matchAll(/\breadonly (\w+)\??:/g)].map((match) => match[1]!))
  const named = new Set(
    [...read('docs/reference/config.md').matchAll(/^\| `(?:\w+\.)*(\w+)` /gm)].map((match) => match[1]!),
  )
  for (const generated of ['schema', 'keyed', 'min', 'max']) options.delete(generated)
  expect([...named].toSorted()).toEqual([...options].toSorted())
})
