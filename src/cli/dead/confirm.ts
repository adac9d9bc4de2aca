/**
 * Asking before something is done that cannot be taken back.
 * @module
 */
import { UsageInvalid } from '../errors.ts'
import type { Shell } from '../shell.ts'

/**
 * True when the person says yes, or said `--yes`. Without a terminal there is nobody to ask.
 * @throws UsageInvalid
 */
export async function confirmed(
  question: string,
  yes: boolean,
  shell: Shell,
  look = '--dry-run shows what would happen',
): Promise<boolean> {
  if (yes) return true
  if (shell.stdin.isTTY !== true || shell.stderr.isTTY !== true) {
    throw new UsageInvalid(`${question} Nobody can be asked here: add --yes; ${look}.`)
  }
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: question, initialValue: false, output: shell.stderr })
  return !isCancel(answer) && answer
}
