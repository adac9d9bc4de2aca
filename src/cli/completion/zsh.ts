/**
 * Completion for zsh.
 * @module
 */
import type { CommandWords, FlagWords, ProgramWords } from './words.ts'

export function zshScript({ commands, groups, leaves }: ProgramWords): string {
  return `#compdef veltrix
# veltrix completion for zsh: source <(veltrix completion zsh)
_veltrix() {
  local command
  if (( CURRENT == 2 )); then
    if [[ "$words[2]" == -* ]]; then
      _arguments '--help[What there is]' '--version[The version]'
      return
    fi
    local -a commands=(${described(commands)})
    _describe 'command' commands
    return
  fi
  command="$words[2]"
  case "$command" in
${Object.entries(groups)
  .map(
    ([name, children]) => `    ${name})
      if (( CURRENT == 3 )); then
        local -a commands=(${described(children)})
        _describe '${name} command' commands
        return
      fi
      command="$command $words[3]"
      shift words
      (( CURRENT-- )) ;;`,
  )
  .join('\n')}
  esac
  shift words
  (( CURRENT-- ))
  case "$command" in
${leaves.map(leafCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = "_veltrix" ]; then _veltrix "$@"; else compdef _veltrix veltrix; fi
`
}

function described(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, summary]) => quoted(`${name}:${summary.replaceAll(':', '\\:')}`)).join(' ')
}

function leafCase({ name, flags, first }: CommandWords): string {
  const specs = flags.flatMap(flagSpecs)
  return `    ${quoted(name)}) _arguments -s ${[...specs, quoted(firstSpec(first))].join(' ')} ;;`
}

function firstSpec(first: CommandWords['first']): string {
  if (first === 'file') return '*:file:_files'
  return first === 'other' ? '*:value: ' : `1:value:(${first.join(' ')})`
}

function flagSpecs(flag: FlagWords): string[] {
  const summary = flag.summary.replaceAll(/[[\]:]/g, (letter) => `\\${letter}`)
  const value = { none: '', file: ':file:_files', text: ':value: ' }[
    typeof flag.value === 'string' ? flag.value : 'text'
  ]
  const list = typeof flag.value === 'string' ? value : `:value:(${flag.value.join(' ')})`
  // With "=" a value may follow it, or stand in the next word.
  const long = `--${flag.name}${flag.value === 'none' ? '' : '='}`
  const names = [long, ...(flag.short ? [`-${flag.short}`] : [])]
  return names.map((name) => quoted(`*${name}[${summary}]${list}`))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
