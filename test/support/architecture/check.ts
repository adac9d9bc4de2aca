/**
 * Holds source files against the table. Pure: takes files as read, gives what is wrong.
 * @module
 */
import { posix } from 'node:path'
import { isBuiltin } from 'node:module'
import { findCycle } from './cycle.ts'
import type { ImportNote, SourceFile } from './source-file.ts'
import type { Rule, Table } from './table.ts'

export interface Violation {
  readonly file: string
  readonly rule: Rule
  /** With the line where there is one. */
  readonly what: string
}

export interface Declared {
  /** `dependencies` and `peerDependencies` of package.json. */
  readonly packages: ReadonlySet<string>
}

/** Everything wrong with `files`, exceptions of the table taken out. */
export function checkArchitecture(files: readonly SourceFile[], table: Table, declared: Declared): Violation[] {
  const found = files.flatMap((file) => [
    ...file.syntaxErrors.map((what) => ({ file: file.path, rule: 'syntax' as const, what })),
    ...file.imports.flatMap((note) => checkImport(file.path, note, table, declared)),
    ...file.time.map(({ what, line }) => ({
      file: file.path,
      rule: 'time' as const,
      what: `line ${line}: ${what}; take the Clock instead`,
    })),
    ...checkNames(file),
    ...checkSize(file, table.maxLines),
  ])
  const cycle = findCycle(files)
  if (cycle) found.push({ file: cycle[0]!, rule: 'cycle', what: cycle.join(' → ') })
  return applyExceptions(found, table)
}

/** Folders of src whose own folders are rooms: all of them, or these. */
const roomsInside: Readonly<Record<string, 'all' | readonly string[]>> = {
  transport: 'all',

  telemetry: 'all',
  gateway: ['access', 'ids'],
  dashboard: ['api', 'page'],
}

/** The room of a file: a folder of src, one of `roomsInside` on its own, or the file itself at the root. */
export function roomOf(path: string): string {
  const [first, second, third] = path.split('/')
  const inside = third === undefined ? undefined : roomsInside[first!]
  return inside === 'all' || inside?.includes(second!) ? `${first}/${second}` : first!
}

function checkImport(file: string, note: ImportNote, table: Table, declared: Declared): Violation[] {
  const violation = (rule: Rule, what: string): Violation[] => [{ file, rule, what: `line ${note.line}: ${what}` }]
  if (note.specifier === undefined) return violation('literal-import', 'import() of something that is not a literal')
  if (!note.specifier.startsWith('.')) return checkPackage(file, note.specifier, table, declared, violation)
  const target = resolveImport(file, note.specifier)
  if (target.startsWith('..')) return violation('import-table', `${note.specifier} is outside src`)
  const from = roomOf(file)
  const to = roomOf(target)
  if (from === to) return []
  if (table.leaves.includes(to)) return []
  const room = table.rooms[from]
  const allowed = room?.may.includes(to) || (note.typeOnly && room?.mayTypes?.includes(to))
  if (!allowed) {
    const types = room?.mayTypes?.includes(to) ? ' more than types of' : ''
    return violation('import-table', `${from} may not import${types} ${to} (${note.specifier})`)
  }
  const door = to.endsWith('.ts') ? to : `${to}/index.ts`
  return target === door ? [] : violation('door', `${to} is entered by ${door}, not by ${target}`)
}

function checkPackage(
  file: string,
  specifier: string,
  table: Table,
  declared: Declared,
  violation: (rule: Rule, what: string) => Violation[],
): Violation[] {
  if (specifier.startsWith('node:')) return []
  if (isBuiltin(specifier)) return violation('package', `write node:${specifier}`)
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (!declared.packages.has(name)) return violation('package', `${name} is not a dependency in package.json`)
  const room = table.rooms[roomOf(file)]
  if (table.anyRoomPackages.includes(name) || room?.packages?.includes(name)) return []
  return violation('package', `${roomOf(file)} may not import the package ${name}`)
}

/** Path of what `specifier` means in `file`. */
export function resolveImport(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier)
}

const bannedWords = /^(?:manager|helper|util|utility|processor)s?$/

function checkNames(file: SourceFile): Violation[] {
  const path = file.path.split(/[/.]/).map((what) => ({ what, where: 'in the path' }))
  const declared = file.names.map(({ what, line }) => ({ what, where: `line ${line}` }))
  return [...path, ...declared].flatMap(({ what, where }) => {
    const word = wordsOf(what).find((one) => bannedWords.test(one))
    if (!word) return []
    return [
      { file: file.path, rule: 'name' as const, what: `${where}: ${what}: say what it does instead of "${word}"` },
    ]
  })
}

/** `retryHelpers` and `retry-helpers` are both `retry`, `helpers`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_]/)
}

function checkSize(file: SourceFile, maxLines: number): Violation[] {
  if (file.lines <= maxLines) return []
  return [{ file: file.path, rule: 'size', what: `${file.lines} lines, at most ${maxLines}: split it by meaning` }]
}

function samePlace(a: { file: string; rule: Rule }, b: { file: string; rule: Rule }): boolean {
  return a.file === b.file && a.rule === b.rule
}

function applyExceptions(found: readonly Violation[], table: Table): Violation[] {
  const unused = table.exceptions
    .filter((exception) => !found.some((violation) => samePlace(violation, exception)))
    .map(({ file, rule }) => ({ file, rule: 'exception' as const, what: `the exception for "${rule}" is not needed` }))
  const left = found.filter((violation) => !table.exceptions.some((exception) => samePlace(violation, exception)))
  return [...left, ...unused]
}
