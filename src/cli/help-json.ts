/**
 * `--help --json`: the same pages for a program that reads them.
 * @module
 */
import type { ArgDef, ArgsDef } from 'citty'
import { aliases } from './arguments.ts'
import { commonArgs, isGroup, type Command, type Entry, type Group } from './command.ts'
import { exitCodeMeanings } from './exit-codes.ts'

/** `veltrix --help --json` */
export function programHelpJson(program: Readonly<Record<string, Entry>>, version: string): unknown {
  return {
    version,
    commands: Object.entries(program).map(([name, entry]) =>
      isGroup(entry) ? groupHelpJson(name, entry) : { command: name, summary: entry.summary },
    ),
    exitCodes: exitCodeMeanings.map(([code, meaning]) => ({ code, meaning })),
  }
}

/** `veltrix dead --help --json` */
export function groupHelpJson(name: string, { summary, commands }: Group): unknown {
  const leaves = Object.entries(commands)
  return {
    command: name,
    summary,
    commands: leaves.map(([child, leaf]) => ({ command: `${name} ${child}`, summary: leaf.summary })),
  }
}

/** `veltrix publish --help --json` */
export function commandHelpJson(name: string, command: Command): unknown {
  const all: ArgsDef = { ...command.args, ...commonArgs }
  const entries = Object.entries(all)
  return {
    command: name,
    summary: command.summary,
    details: command.details ?? [],
    arguments: entries.filter(([, def]) => def.type === 'positional').map(argumentJson),
    further: command.rest ?? null,
    flags: entries.filter(([, def]) => def.type !== 'positional').map(flagJson),
    examples: command.examples.map(([line, purpose]) => ({ line, purpose })),
  }
}

function argumentJson([name, def]: [string, ArgDef]): unknown {
  return { name, required: def.required !== false, description: def.description ?? '' }
}

function flagJson([name, def]: [string, ArgDef]): unknown {
  return {
    name,
    aliases: aliases(def),
    switch: def.type === 'boolean',
    required: def.required === true,
    default: def.default ?? null,
    choices: def.type === 'enum' ? (def.options ?? []) : null,
    description: def.description ?? '',
  }
}
