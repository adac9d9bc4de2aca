/**
 * The rooms of src keep to the table: no other import, no cycle, no undeclared package, no time of their own.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkArchitecture, roomOf } from './support/architecture/check.ts'
import { readSource } from './support/architecture/source-file.ts'
import { table, type Rule } from './support/architecture/table.ts'

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
  peerDependencies?: Record<string, string>
}
const declared = { packages: new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) }

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .toSorted()
}

const sources = filesUnder('src').map((path) => readSource(path, readFileSync(join(root, 'src', path), 'utf8')))

test('src keeps to the table', () => {
  const lines = checkArchitecture(sources, table, declared).map(
    ({ file, rule, what }) => `${rule}: src/${file}: ${what}`,
  )
  expect(lines).toEqual([])
})

test('every room of src is in the table, and every room of the table exists', () => {
  const rooms = new Set(sources.map(({ path }) => roomOf(path)).filter((room) => !table.leaves.includes(room)))
  expect([...rooms].toSorted()).toEqual(Object.keys(table.rooms).toSorted())
})

test('examples and the benchmark enter src only by a door that the package exports', () => {
  const doors = new Set([
    'cli/main',
    'index',
    'transport/embedded/index',
    'transport/kafka/index',
    'inbox/index',
    'testing/index',
    'gateway/index',
    'dashboard/index',
    'otel/index',
    'client/index',
  ])
  const inside = ['examples', 'bench'].flatMap((folder) =>
    filesUnder(folder).flatMap((path) =>
      readSource(path, readFileSync(join(root, folder, path), 'utf8')).imports.flatMap(
        ({ specifier, typeOnly, line }) => {
          const target = specifier?.match(/^(?:\.\.\/)+src\/(.*)\.ts$/)?.[1]
          // The shape of the summary that `veltrix dev` asks an application for; nothing of it is there at run time.
          const scenario = typeOnly && target === 'cli/scenario'
          return target === undefined || doors.has(target) || scenario
            ? []
            : [`${folder}/${path}:${line}: ${specifier}`]
        },
      ),
    ),
  )
  expect(inside).toEqual([])
})

describe('planted violations are found', () => {
  const clean: Readonly<Record<string, string>> = {
    'errors.ts': 'export class E {}',
    'event/index.ts': "export * from './event.ts'",
    'event/event.ts': "import { E } from '../errors.ts'\nexport const event = E",
    'inbox/index.ts': 'export interface Inbox {}',
    'transport/index.ts': 'export interface Log {}',
    'transport/embedded/index.ts': "import type { Log } from '../index.ts'\nexport type Embedded = Log",
    'config/index.ts': "import { event } from '../event/index.ts'\nexport const config = event",
    'worker/index.ts': "import { readFileSync } from 'node:fs'\nexport const worker = readFileSync",
  }
  const plant = (change: Record<string, string>, exceptions = table.exceptions.slice(0, 0)): string[] => {
    const files = Object.entries({ ...clean, ...change }).map(([path, source]) => readSource(path, source))
    return checkArchitecture(files, { ...table, exceptions }, declared).map(({ file, rule }) => `${rule} ${file}`)
  }

  test('the clean ones have none', () => expect(plant({})).toEqual([]))

  const cases: readonly [name: string, rule: Rule, file: string, source: string][] = [
    ['an import against the arrows', 'import-table', 'event/a.ts', "import { config } from '../config/index.ts'"],
    ['a type import against the arrows', 'import-table', 'event/a.ts', "import type { C } from '../config/index.ts'"],
    ['a re-export against the arrows', 'import-table', 'event/a.ts', "export * from '../config/index.ts'"],
    ['an import() against the arrows', 'import-table', 'event/a.ts', "await import('../config/index.ts')"],
    ['an import() type', 'import-table', 'event/a.ts', "export type C = import('../config/index.ts').C"],
    ['a file loaded by its place', 'import-table', 'event/a.ts', "new URL('../config/index.ts', import.meta.url)"],
    ['more than types', 'import-table', 'worker/a.ts', "import { memoryInbox } from '../inbox/index.ts'"],
    ['one value among types', 'import-table', 'worker/a.ts', "import { type A, b } from '../inbox/index.ts'"],
    ['one transport in another', 'import-table', 'transport/kafka/a.ts', "import '../embedded/index.ts'"],
    ['the contract importing a transport', 'import-table', 'transport/a.ts', "import './embedded/index.ts'"],
    ['a room inside a leaf', 'import-table', 'errors.ts', "import './event/index.ts'"],
    ['a path out of src', 'import-table', 'event/a.ts', "import '../../package.json'"],
    ['a room entered past its door', 'door', 'config/a.ts', "import { event } from '../event/event.ts'"],
    ['an undeclared package', 'package', 'event/a.ts', "import 'left-pad'"],
    ['a development package', 'package', 'event/a.ts', "import 'vitest'"],
    ['a package of another room', 'package', 'event/a.ts', "import 'citty'"],
    ['a built-in without node:', 'package', 'event/a.ts', "import 'fs'"],
    ['an import() that nobody can follow', 'literal-import', 'event/a.ts', 'await import(process.argv[2])'],
    ['Date.now', 'time', 'event/a.ts', 'export const at = Date.now()'],
    ['Date.now as a value', 'time', 'event/a.ts', 'export const now = Date.now'],
    ['new Date()', 'time', 'event/a.ts', 'export const at = new Date()'],
    ['setTimeout', 'time', 'event/a.ts', 'setTimeout(() => {}, 1)'],
    ['globalThis.setTimeout', 'time', 'event/a.ts', 'globalThis.setTimeout(() => {}, 1)'],
    [
      'timers/promises',
      'time',
      'event/a.ts',
      "import { setTimeout as wait } from 'node:timers/promises'\nawait wait(1)",
    ],
    ['process.hrtime.bigint', 'time', 'event/a.ts', 'export const at = process.hrtime.bigint()'],
    ['a drawer for anything', 'name', 'event/utils.ts', 'export const a = 1'],
    ['a name that says nothing', 'name', 'event/a.ts', 'export class EventManager {}'],
    ['a long file', 'size', 'event/a.ts', '\n'.repeat(351)],
    ['broken syntax', 'syntax', 'event/a.ts', 'export const = 1'],
  ]
  test.each(cases)('%s', (_, rule, file, source) => {
    expect(plant({ [file]: source })).toContain(`${rule} ${file}`)
  })

  test('a cycle, also of types', () => {
    const a = "import type { B } from './b.ts'\nexport type A = B"
    const b = "import type { A } from './a.ts'\nexport type B = A"
    expect(plant({ 'event/a.ts': a, 'event/b.ts': b })).toEqual(['cycle event/a.ts'])
  })

  test('a lazy import closes no cycle', () => {
    const b = "export const later = () => import('./a.ts')"
    expect(plant({ 'event/a.ts': "export * from './b.ts'", 'event/b.ts': b })).toEqual([])
  })

  test('types alone may be taken where the table says so', () => {
    expect(plant({ 'worker/a.ts': "import type { Inbox } from '../inbox/index.ts'" })).toEqual([])
    expect(plant({ 'worker/a.ts': "import { type Inbox } from '../inbox/index.ts'" })).toEqual([])
  })

  test('new Date(ms) reads no clock', () => {
    expect(plant({ 'event/a.ts': 'export const at = new Date(0)' })).toEqual([])
  })

  test('an exception holds for its file and rule, and must be needed', () => {
    const exception = { file: 'event/a.ts', rule: 'time', reason: 'planted' } as const
    expect(plant({ 'event/a.ts': 'Date.now()' }, [exception])).toEqual([])
    expect(plant({}, [exception])).toEqual(['exception event/a.ts'])
  })
})
