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
  # bash takes --flag=value for three words.
  if [ "$cur" = "=" ]; then cur=""
  elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
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
    return
  fi
  case "$command" in
${leaves.flatMap(firstCase).join('\n')}
  esac
}
_veltrix_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _veltrix veltrix
`
}

function valueCases({ name, flags }: CommandWords): string[] {
  return flags.flatMap((flag) => {
    if (flag.value === 'none') return []
    const names = [`"${name} --${flag.name}"`, ...(flag.short ? [`"${name} -${flag.short}"`] : [])].join('|')
    if (flag.value === 'file') return [`    ${names}) _veltrix_files; return ;;`]
    if (flag.value === 'text') return [`    ${names}) return ;;`]
    return [`    ${names}) COMPREPLY=($(compgen -W "${flag.value.join(' ')}" -- "$cur")); return ;;`]
  })
}

function flagCase({ name, flags }: CommandWords): string {
  return `    "${name}") words="${flags.map((flag) => `--${flag.name}`).join(' ')}" ;;`
}

function firstCase({ name, first }: CommandWords): string[] {
  if (first === 'other') return []
  const act = first === 'file' ? '_veltrix_files' : `COMPREPLY=($(compgen -W "${first.join(' ')}" -- "$cur"))`
  return [`    "${name}") ${act} ;;`]
}
