/**
 * What `init` needs to know.
 * @module
 */
import { basename, resolve } from 'node:path'
import { UsageInvalid } from '../errors.ts'
import type { Shell } from '../shell.ts'

export interface Answers {
  /** Full path. */
  readonly directory: string
  readonly name: string
}

/**
 * Asks for what was not given when somebody is there to answer; otherwise takes the defaults. Undefined when the person gave up.
 * @throws UsageInvalid when the name cannot be one
 */
export async function answers(
  given: { directory: string | undefined; name: string | undefined; yes: boolean },
  shell: Shell,
): Promise<Answers | undefined> {
  const asks = !given.yes && shell.stdin.isTTY === true && shell.stderr.isTTY === true
  const directory = given.directory ?? (asks ? await ask('Where?', './veltrix-app', shell) : '.')
  if (directory === undefined) return undefined
  const path = resolve(shell.cwd, directory)
  const suggested = nameFrom(basename(path))
  const name = given.name ?? (asks ? await ask('Name of the app?', suggested, shell, nameProblem) : suggested)
  if (name === undefined) return undefined
  const problem = nameProblem(name)
  if (problem !== undefined) throw new UsageInvalid(`--name cannot be "${name}": ${problem}.`)
  return { directory: path, name }
}

async function ask(
  message: string,
  initialValue: string,
  shell: Shell,
  check?: (value: string) => string | undefined,
): Promise<string | undefined> {
  const { isCancel, text } = await import('@clack/prompts')
  const answer = await text({
    message,
    initialValue,
    output: shell.stderr,
    validate: (value) => (value ? check?.(value) : 'give one'),
  })
  return isCancel(answer) ? undefined : answer
}

function nameProblem(name: string): string | undefined {
  return /^[a-z][a-z0-9-]{0,63}$/.test(name) ? undefined : 'a-z, 0-9 and "-", beginning with a letter, at most 64'
}

/** The nearest name that is allowed. */
function nameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-+$/, '')
  return name.slice(0, 64) || 'app'
}
