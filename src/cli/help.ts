/**
 * `--help`: of the whole program, of a group, of one command.
 * @module
 */
import type { ArgDef, ArgsDef } from 'citty'
import { aliases } from './arguments.ts'
import { commonArgs, isGroup, type Command, type Entry, type Leaf } from './command.ts'
import { exitCodeMeanings } from './exit-codes.ts'
import type { Paint } from './paint.ts'
import { pairLines, wrap } from './table.ts'

export interface HelpStyle {
  readonly width: number
  readonly paint: Paint
}

const widest = 100

/** `veltrix --help` */
export function programHelp(program: Readonly<Record<string, Entry>>, version: string, style: HelpStyle): string[] {
  const { paint } = style
  return [
    `${paint.strong('veltrix')} ${version}: run, feed and look after an event app`,
    '',
    `${paint.strong('Usage')}  veltrix <command> [flags]`,
    '',
    paint.strong('Commands'),
    ...pairs(summaries(program), style),
    '',
    paint.strong('Everywhere'),
    ...pairs(
      [
        ['--help', 'what a command does, with examples'],
        ['--json', 'JSON on stdout and nothing else; a failure is {"error":{"code","message"}}'],
        ['--version', 'the version'],
        ['NO_COLOR, FORCE_COLOR', 'turn colour off, or on where the output is no terminal'],
      ],
      style,
    ),
    '',
    paint.strong('Exit codes'),
    ...pairs(
      exitCodeMeanings.map(([code, meaning]) => [String(code), meaning] as const),
      style,
    ),
  ]
}

/** `veltrix dead --help` */
export function groupHelp(
  name: string,
  summary: string,
  leaves: Readonly<Record<string, Leaf>>,
  style: HelpStyle,
): string[] {
  const { paint } = style
  return [
    summary,
    '',
    `${paint.strong('Usage')}  veltrix ${name} <command> [flags]`,
    '',
    paint.strong('Commands'),
    ...pairs(summaries(leaves), style),
    '',
    `veltrix ${name} <command> --help says more.`,
  ]
}

/** `veltrix publish --help` */
export function commandHelp(name: string, command: Command, style: HelpStyle): string[] {
  const { paint } = style
  const width = Math.min(style.width, widest)
  const all: ArgsDef = { ...command.args, ...commonArgs }
  const positionals = Object.entries(all).filter(([, def]) => def.type === 'positional')
  const flags = Object.entries(all).filter(([, def]) => def.type !== 'positional')
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint.strong(title), ...lines]
  return [
    ...wrap(command.summary, width),
    ...(command.details ?? []).flatMap((paragraph) => ['', ...wrap(paragraph, width)]),
    '',
    `${paint.strong('Usage')}  ${usageLine(name, command, positionals)}`,
    ...section(
      'Arguments',
      pairs(
        positionals.map(([arg, def]) => [arg, described(def)] as const),
        style,
      ),
    ),
    ...section(
      'Flags',
      pairs(
        flags.map(([flag, def]) => [flagText(flag, def), described(def)] as const),
        style,
      ),
    ),
    ...section(
      'Examples',
      command.examples.flatMap(([line, purpose]) => [
        ...wrap(purpose, width - 4).map((text) => `  ${paint.faint(`# ${text}`)}`),
        `  ${line}`,
      ]),
    ),
  ]
}

function usageLine(name: string, command: Command, positionals: readonly (readonly [string, ArgDef])[]): string {
  const parts = positionals.map(([arg, def]) => (def.required === false ? `[${arg}]` : `<${arg}>`))
  if (command.rest !== undefined) parts.push(`[${command.rest}…]`)
  return ['veltrix', name, ...parts, '[flags]'].join(' ')
}

function flagText(flag: string, def: ArgDef): string {
  const short = aliases(def).map((alias) => (alias.length === 1 ? `-${alias}, ` : ''))
  const negative = def.type === 'boolean' && def.default === true
  if (def.type === 'boolean') return `${short.join('')}--${negative ? 'no-' : ''}${flag}`
  const choices = choicesOf(def)
  const value = choices !== '' && choices.length <= longestChoices ? choices : (def.valueHint ?? flag)
  return `${short.join('')}--${flag} <${value}>`
}

/** Choices that are longer are told in the description. */
const longestChoices = 24

function choicesOf(def: ArgDef): string {
  return def.type === 'enum' ? (def.options ?? []).join('|') : ''
}

function described(def: ArgDef): string {
  const standard = typeof def.default === 'string' && def.default !== '' ? ` (default: ${def.default})` : ''
  const choices = choicesOf(def).length > longestChoices ? `: ${choicesOf(def).replaceAll('|', ', ')}` : ''
  const negative = def.type === 'boolean' && def.default === true ? def.negativeDescription : undefined
  return (negative ?? def.description ?? '') + choices + standard
}

function summaries(entries: Readonly<Record<string, Entry>>): (readonly [string, string])[] {
  return Object.entries(entries).map(([name, entry]) => {
    const inner = isGroup(entry) ? ` ${Object.keys(entry.commands).join('|')}` : ''
    return [name, isGroup(entry) ? `${entry.summary.split(':')[0]}:${inner.replaceAll('|', ', ')}` : entry.summary]
  })
}

function pairs(list: readonly (readonly [string, string])[], style: HelpStyle): string[] {
  return pairLines(list, Math.min(style.width, widest), style.paint)
}
