/**
 * A payload as it is given to a command: JSON, a file of JSON, or stdin.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { UsageInvalid } from '../errors.ts'
import type { Shell } from '../shell.ts'

/** What is JSON is taken for it; `-` is stdin, anything else a file. @throws UsageInvalid */
export async function payloadGiven(given: string, shell: Pick<Shell, 'stdin' | 'cwd'>): Promise<unknown> {
  const json = parsed(given)
  if (json !== undefined) return json.value
  const name = given === '-' ? 'stdin' : given
  const content = await (given === '-' ? text(shell.stdin) : readFile(resolve(shell.cwd, given), 'utf8')).catch(
    (error: Error) => {
      throw new UsageInvalid(`--data: it is neither JSON nor a file that can be read (${error.message}).`)
    },
  )
  const read = parsed(content)
  if (read === undefined) throw new UsageInvalid(`--data: what ${name} has is not JSON.`)
  return read.value
}

function parsed(content: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(content) as unknown }
  } catch {
    return undefined
  }
}
