/**
 * The programs in docs/guides compile as they stand, against the package's own doors.
 *
 * A block is a program when it imports from `veltrix`; other blocks are fragments and not looked at. A first line `// shop.ts` is its file name,
 * so that the programs of one page can import each other.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const pages = readdirSync(join(root, 'docs/guides')).filter((name) => name.endsWith('.md'))
const folder = mkdtempSync(join(tmpdir(), 'veltrix-guides-'))
/** What programs import beside the package. */
const libraries = ['zod', 'pg', '@types/pg', '@types/node']

/** A page with a mistake on its fifth line: shows that mistakes are found, and where. */
const planted = [
  '# Planted',
  '',
  '```ts',
  "import { defineVeltrix } from 'veltrix'",
  "defineVeltrix('shop')",
  '```',
  '',
]

interface Program {
  /** `getting-started/shop.ts` */
  readonly file: string
  readonly page: string
  readonly code: string
  /** Line of the page its first line is on, from 1. */
  readonly line: number
}

const programs = [
  ...pages.flatMap((page) => programsOf(page, readFileSync(join(root, 'docs/guides', page), 'utf8'))),
  ...programsOf('planted.md', planted.join('\n')),
]
let mistakes: readonly string[] = []

function programsOf(page: string, text: string): Program[] {
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```/gm)]
  return blocks.flatMap((block, index) => {
    const code = block[1]!
    if (!/^(?:import|export) .*from 'veltrix(?:\/[\w-]+)?'$/m.test(code)) return []
    const name = /^\/\/ ([\w.-]+\.ts)$/m.exec(code.split('\n', 1)[0]!)?.[1] ?? `block-${index + 1}.ts`
    const line = text.slice(0, block.index).split('\n').length + 1
    return [{ file: `${page.replace(/\.md$/, '')}/${name}`, page, code, line }]
  })
}

/** A project with the package installed, its doors leading to the sources, and a folder of programs for each page. */
beforeAll(async () => {
  const modules = join(folder, 'node_modules')
  const installed = join(modules, 'veltrix')
  mkdirSync(installed, { recursive: true })
  symlinkSync(join(root, 'src'), join(installed, 'src'))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
  const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json')
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({
      name: 'veltrix',
      type: 'module',
      exports: Object.fromEntries(doors.map((door) => [door, sourceOf(manifest.exports[door])])),
    }),
  )
  for (const name of libraries) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const { file, code } of programs) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), code)
  }
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'guides', type: 'module' }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/*.ts'] }))
  mistakes = await compile()
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `./dist/inbox/index.js` is made of `./src/inbox/index.ts`. */
function sourceOf(door: unknown): string {
  return (door as { default: string }).default.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts')
}

/** One run for all: every error as `<page>:<line>: <what>`; those in no program as they are. */
async function compile(): Promise<readonly string[]> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder })
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' '))
  return lines.map((line) => {
    const [, file, row, what] = /^([^(]+)\((\d+),\d+\): (.*)$/.exec(line) ?? []
    const program = programs.find((one) => one.file === file)
    return program ? `${program.page}:${program.line + Number(row) - 1}: ${what}` : line
  })
}

test('a planted mistake is found, at its line', () => {
  expect(mistakes.filter((line) => line.startsWith('planted.md:'))).toEqual([
    expect.stringMatching(/^planted\.md:5: error TS/),
  ])
})

test.each(pages)('programs of %s compile', (page) => {
  expect(mistakes.filter((line) => line.startsWith(`${page}:`))).toEqual([])
  expect(programs.some((program) => program.page === page)).toBe(true)
})

test('nothing else is wrong', () => {
  expect(mistakes.filter((line) => !/^[\w-]+\.md:\d+: /.test(line))).toEqual([])
})

test('no two programs of a page have one name', () => {
  const files = programs.map(({ file }) => file)
  expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([])
})
