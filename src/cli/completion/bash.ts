/**
 * Completion for bash.
 * @module
 */
import type { CommandWords, ProgramWords } from './words.ts'

export function bashScript({ commands, groups, leaves }: ProgramWords): string {
  const groupNames = Object.keys(groups)
  const groupCases = Object.entries(groups).map(
    ([name, children]) => `    ${name}) words="${children.map(([child]) => child).join(' ')}" ;;`,
  )
  return `# veltrix completion for bash: source <(veltrix completion bash)
_veltrix() {
  local cur prev command words
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(([name]) => name).join(' ')} --help --version" -- "$cur"))
    return
  fi
  command="\${COMP_WORDS[1]}"
  case "$command" in
    ${groupNames.join('|')})
      if [ "$COMP_CWORD" -eq 2 ]; then
        case "$command" in
      ${groupCases.join('\n      ')}
        esac
        COMPREPLY=($(compgen -W "$words --help" -- "$cur"))
        return
      fi
      command="$command \${COMP_WORDS[2]}" ;;
  esac
  case "$command $prev" in
${leaves.flatMap(valueCases).join('\n')}
  esac
  case "$command" in
${leaves.map(flagCase).join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _veltrix veltrix
`
}

function valueCases({ name, flags }: CommandWords): string[] {
  return flags.flatMap((flag) => {
    if (flag.value === 'none') return []
    const names = [`"${name} --${flag.name}"`, ...(flag.short ? [`"${name} -${flag.short}"`] : [])].join('|')
    if (flag.value === 'file') return [`    ${names}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`]
    if (flag.value === 'text') return [`    ${names}) return ;;`]
    return [`    ${names}) COMPREPLY=($(compgen -W "${flag.value.join(' ')}" -- "$cur")); return ;;`]
  })
}

function flagCase({ name, flags }: CommandWords): string {
  return `    "${name}") words="${flags.map((flag) => `--${flag.name}`).join(' ')}" ;;`
}
