/**
 * Completion for fish.
 * @module
 */
import type { CommandWords, ProgramWords } from './words.ts'

export function fishScript({ commands, groups, leaves }: ProgramWords): string {
  const lines = [
    '# veltrix completion for fish: veltrix completion fish | source',
    'complete -c veltrix -f',
    `complete -c veltrix -n __fish_use_subcommand -l help -d ${quoted('What there is')}`,
    `complete -c veltrix -n __fish_use_subcommand -l version -d ${quoted('The version')}`,
    ...commands.map(
      ([name, summary]) => `complete -c veltrix -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
  ]
  for (const [group, children] of Object.entries(groups)) {
    const names = children.map(([name]) => name).join(' ')
    const condition = quoted(`__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${names}`)
    for (const [name, summary] of children) {
      lines.push(`complete -c veltrix -n ${condition} -a ${name} -d ${quoted(summary)}`)
    }
  }
  return `${[...lines, ...leaves.flatMap(leafLines)].join('\n')}\n`
}

function leafLines({ name, flags, first }: CommandWords): string[] {
  const condition = quoted(
    name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and '),
  )
  return [
    ...firstLines(first, condition),
    ...flags.map((flag) => {
      const short = flag.short ? ` -s ${flag.short}` : ''
      const list = typeof flag.value === 'string' ? '' : ` -x -a ${quoted(flag.value.join(' '))}`
      const value = { none: '', file: ' -r -F', text: ' -x' }[typeof flag.value === 'string' ? flag.value : 'none']
      return `complete -c veltrix -n ${condition} -l ${flag.name}${short}${value}${list} -d ${quoted(flag.summary)}`
    }),
  ]
}

function firstLines(first: CommandWords['first'], condition: string): string[] {
  if (first === 'other') return []
  return [`complete -c veltrix -n ${condition} ${first === 'file' ? '-F' : `-a ${quoted(first.join(' '))}`}`]
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
