/**
 * What can be completed: every command with its flags, taken from the program itself.
 * @module
 */
import type { ArgsDef } from 'citty'
import { aliases } from '../arguments.ts'
import { commonArgs, isGroup, type Entry } from '../command.ts'

export interface CommandWords {
  /** `publish`, `dead list` */
  readonly name: string
  readonly summary: string
  readonly flags: readonly FlagWords[]
  /** What its first positional can be: a file, one of a list, or something only the app knows. */
  readonly first: 'file' | 'other' | readonly string[]
}

export interface FlagWords {
  readonly name: string
  readonly short: string | undefined
  readonly summary: string
  /** What can follow: nothing (a switch), one of a list, a file, or any text. */
  readonly value: 'none' | 'file' | 'text' | readonly string[]
}

export interface ProgramWords {
  /** Names and summaries of what follows `veltrix`. */
  readonly commands: readonly (readonly [string, string])[]
  /** By group: what follows its name. */
  readonly groups: Readonly<Record<string, readonly (readonly [string, string])[]>>
  readonly leaves: readonly CommandWords[]
}

/** Loads every command's words. */
export async function programWords(program: Readonly<Record<string, Entry>>): Promise<ProgramWords> {
  const groups: Record<string, (readonly [string, string])[]> = {}
  const leaves: CommandWords[] = []
  for (const [name, entry] of Object.entries(program)) {
    const children = isGroup(entry) ? entry.commands : { '': entry }
    if (isGroup(entry)) groups[name] = Object.entries(entry.commands).map(([child, leaf]) => [child, leaf.summary])
    for (const [child, leaf] of Object.entries(children)) {
      const command = await leaf.load()
      const args: ArgsDef = { ...command.args, ...commonArgs }
      leaves.push({
        name: child === '' ? name : `${name} ${child}`,
        summary: leaf.summary,
        flags: flagWords(args),
        first: firstValue(args),
      })
    }
  }
  return { commands: Object.entries(program).map(([name, entry]) => [name, entry.summary]), groups, leaves }
}

function firstValue(args: ArgsDef): CommandWords['first'] {
  const [name, def] = Object.entries(args).find(([, candidate]) => candidate.type === 'positional') ?? []
  if (name === 'app' || name === 'directory') return 'file'
  return def?.valueHint?.includes('|') ? def.valueHint.split('|') : 'other'
}

function flagWords(args: ArgsDef): FlagWords[] {
  return Object.entries(args).flatMap(([name, def]): FlagWords[] => {
    if (def.type === 'positional') return []
    const negated = def.type === 'boolean' && def.default === true
    const summary = (negated && 'negativeDescription' in def && def.negativeDescription) || (def.description ?? '')
    const short = aliases(def).find((alias) => alias.length === 1)
    return [{ name: negated ? `no-${name}` : name, short, summary, value: valueOf(name, def) }]
  })
}

function valueOf(name: string, def: ArgsDef[string]): FlagWords['value'] {
  if (def.type === 'boolean') return 'none'
  if (def.type === 'enum') return def.options ?? 'text'
  return name === 'app' || name === 'file' ? 'file' : 'text'
}
