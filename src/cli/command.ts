/**
 * What a command is. A command module holds its flags and its words; what it does is imported when it runs,
 * so that `--help` and completion load nothing else.
 * @module
 */
import type { ArgsDef, ParsedArgs } from 'citty'
import type { Output } from './output.ts'
import type { Shell } from './shell.ts'

export interface Command<T extends ArgsDef = ArgsDef> {
  /** One line: what it does. */
  readonly summary: string
  /** Further paragraphs of `--help`. */
  readonly details?: readonly string[]
  readonly args: T
  /** Takes any number of further positionals; this is what `--help` calls them. */
  readonly rest?: string
  /** A command line (without `veltrix`), and what it is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** Resolves to the exit code; nothing means 0. */
  run(call: Call<T>): Promise<number | void>
}

export interface Call<T extends ArgsDef = ArgsDef> {
  readonly args: ParsedArgs<T>
  /** Every value of a flag that may be repeated. */
  readonly every: (flag: string) => readonly string[]
  readonly rest: readonly string[]
  readonly shell: Shell
  readonly out: Output
}

/** Keeps the flags' types for `run`. */
export function command<const T extends ArgsDef>(definition: Command<T>): Command {
  return definition as unknown as Command
}

/** A name in the table of commands: a command loaded when needed, or a group of further names. */
export type Entry = Leaf | Group

export interface Leaf {
  readonly summary: string
  readonly load: () => Promise<Command>
}

export interface Group {
  readonly summary: string
  readonly commands: Readonly<Record<string, Leaf>>
}

export function isGroup(entry: Entry): entry is Group {
  return 'commands' in entry
}

/** Flags that every command takes. */
export const commonArgs = {
  json: { type: 'boolean', description: 'Machine output: JSON on stdout and nothing else' },
  help: { type: 'boolean', alias: 'h', description: 'Show this help' },
} as const satisfies ArgsDef

/** Which app a command works on. */
export const appArg = {
  app: {
    type: 'string',
    alias: 'a',
    valueHint: 'file',
    description: 'The app module or typed file, or a directory that has one (default: the current directory)',
  },
} as const satisfies ArgsDef
