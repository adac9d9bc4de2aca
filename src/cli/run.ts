/**
 * One call of `veltrix`: find the command, read its arguments, run it, turn what comes out into an exit code.
 * @module
 */
import type { ArgsDef } from 'citty'
import { flagNames, parseArguments } from './arguments.ts'
import { commonArgs, isGroup, type Command, type Entry, type Leaf } from './command.ts'
import { UsageInvalid } from './errors.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { Output } from './output.ts'
import { program } from './program.ts'
import type { Shell } from './shell.ts'
import { didYouMean } from './suggestion.ts'
import { version } from './version.ts'

/** Runs the command line `raw` (without node and script) and resolves to the exit code. Never throws. */
export async function run(raw: readonly string[], shell: Shell): Promise<number> {
  const asked = flagsBeforeDashes(raw)
  const out = new Output(shell, { json: asked.includes('--json') })
  try {
    return await dispatch(raw, asked.includes('--help') || asked.includes('-h'), shell, out)
  } catch (error) {
    await out.failure(error)
    if (error instanceof UsageInvalid) out.note(`Try: veltrix ${commandWords(raw).join(' ')} --help`.replace('  ', ' '))
    return exitCodeOf(error)
  }
}

async function dispatch(raw: readonly string[], wantsHelp: boolean, shell: Shell, out: Output): Promise<number> {
  const [first, ...after] = nameFirst(raw)
  if (first === '--version' || first === '-v') return await showVersion(out)
  if (first === undefined || commonFlags.has(first)) return await showHelp(out)
  if (first.startsWith('-')) throw unknownFlag(first)
  if (first === 'help') return await dispatch(after, true, shell, out)
  const entry = lookUp(program, first, 'command')
  if (!isGroup(entry)) return await runLeaf(first, entry, after, wantsHelp, shell, out)
  const [second, ...rest] = nameFirst(after)
  if (second === undefined || second.startsWith('-')) {
    if (wantsHelp) return await showHelp(out, first)
    throw new UsageInvalid(`veltrix ${first} needs one of: ${Object.keys(entry.commands).join(', ')}.`)
  }
  const leaf = lookUp(entry.commands, second, `${first} command`)
  return await runLeaf(`${first} ${second}`, leaf, rest, wantsHelp, shell, out)
}

const commonFlags = new Set([...flagNames(commonArgs).keys()])

/** Flags that every command takes may stand before its name: `veltrix --json dead list`. They are put behind it. */
function nameFirst(raw: readonly string[]): readonly string[] {
  const place = raw.findIndex((argument) => !commonFlags.has(argument))
  return place < 0 ? raw : [raw[place]!, ...raw.slice(0, place), ...raw.slice(place + 1)]
}

async function runLeaf(
  name: string,
  leaf: Leaf,
  raw: readonly string[],
  wantsHelp: boolean,
  shell: Shell,
  out: Output,
): Promise<number> {
  const command: Command = await leaf.load()
  if (wantsHelp) {
    const { commandHelp, commandHelpJson } = await loadHelp()
    if (out.json) await out.result(commandHelpJson(name, command))
    else await out.lines(...commandHelp(name, command, { width: out.width, paint: out.paint }))
    return exitCodes.ok
  }
  const args: ArgsDef = { ...command.args, ...commonArgs }
  const parsed = parseArguments(raw, args, { rest: command.rest !== undefined })
  const code = await command.run({ args: parsed.values, every: parsed.every, rest: parsed.rest, shell, out })
  return code ?? exitCodes.ok
}

async function showHelp(out: Output, group?: string): Promise<number> {
  const { groupHelp, groupHelpJson, programHelp, programHelpJson } = await loadHelp()
  const style = { width: out.width, paint: out.paint }
  const entry = group === undefined ? undefined : program[group]
  if (group === undefined || entry === undefined || !isGroup(entry)) {
    if (out.json) await out.result(programHelpJson(program, await version()))
    else await out.lines(...programHelp(program, await version(), style))
  } else if (out.json) await out.result(groupHelpJson(group, entry))
  else await out.lines(...groupHelp(group, entry.summary, entry.commands, style))
  return exitCodes.ok
}

async function loadHelp() {
  const [text, json] = await Promise.all([import('./help.ts'), import('./help-json.ts')])
  return { ...text, ...json }
}

async function showVersion(out: Output): Promise<number> {
  const value = await version()
  if (out.json) await out.result({ version: value })
  else await out.lines(value)
  return exitCodes.ok
}

function lookUp<E extends Entry>(entries: Readonly<Record<string, E>>, name: string, what: string): E {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined
  if (entry !== undefined) return entry
  const hint = didYouMean(name, Object.keys(entries), (found) => `"${found}"`)
  throw new UsageInvalid(`Unknown ${what} "${name}".${hint} There are: ${Object.keys(entries).join(', ')}.`)
}

function unknownFlag(flag: string): UsageInvalid {
  return new UsageInvalid(`Unknown flag "${flag}" before a command.${didYouMean(flag, ['--help', '--version'])}`)
}

function flagsBeforeDashes(raw: readonly string[]): readonly string[] {
  const end = raw.indexOf('--')
  return end < 0 ? raw : raw.slice(0, end)
}

/** The words of `raw` that name a command, for the hint after a usage error. */
function commandWords(raw: readonly string[]): string[] {
  const [first = '', ...after] = nameFirst(raw)
  const [second = ''] = nameFirst(after)
  const entry = Object.hasOwn(program, first) ? program[first] : undefined
  if (entry === undefined) return []
  return isGroup(entry) && Object.hasOwn(entry.commands, second) ? [first, second] : [first]
}
