/**
 * Applying: showing the plan, asking, and telling each step as it is done.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  apply,
  parsePlanFile,
  stepsOf,
  summaryOf,
  type Allowances,
  type PlanFile,
  type Step,
} from '../../topology/index.ts'
import { confirmed } from '../dead/confirm.ts'
import { UsageInvalid } from '../errors.ts'
import { plural } from '../format.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { planLines } from './lines.ts'
import { withLog } from './with-log.ts'

export interface AppliedPlan {
  readonly place: string | undefined
  readonly file: string | undefined
  readonly yes: boolean
  readonly throttleBytes: number | undefined
  readonly lockTimeoutMs: number | undefined
  readonly allowed: Allowances
}

export async function applyPlan(wanted: AppliedPlan, shell: Shell, out: Output): Promise<number> {
  const file = wanted.file === undefined ? undefined : await readPlan(wanted.file, shell)
  const allowed = file === undefined ? wanted.allowed : { ...file.allowed, breaking: new Set(file.allowed.breaking) }
  return withLog(wanted.place, shell, async ({ log, config, by }) => {
    const steps: Step[] = []
    const { outcome, plan } = await apply({
      log,
      config,
      allowed,
      file,
      by,
      clock: shell.clock,
      throttleBytes: wanted.throttleBytes,
      lockTimeoutMs: wanted.lockTimeoutMs,
      confirm: async (planned) => {
        await out.lines(...planLines(planned, out.paint))
        const question = `Apply ${plural(stepsOf(planned).length, 'change')} to ${config.app}?`
        return confirmed(question, wanted.yes, shell, '"veltrix plan" shows what would happen')
      },
      done: (step, count, total) => {
        steps.push(step)
        if (!out.json) out.note(`${count}/${total} ${step.symbol} ${step.subject}: ${step.what}`)
      },
      moved: progressOf(out),
    })
    if (out.json) {
      await out.result({ outcome, steps, warnings: plan.warnings, notes: plan.notes, summary: summaryOf(plan) })
    } else if (outcome === 'nothing') await out.lines(...planLines(plan, out.paint))
    else
      await out.lines(
        outcome === 'applied' ? out.paint.good('The log is as the typed file says.') : 'Nothing was changed.',
      )
    return outcome === 'declined' ? 1 : 0
  })
}

/** Told only when it has changed: it is looked at much more often. */
function progressOf(out: Output): (step: Step, done: number, total: number) => void {
  let last = ''
  return ({ subject }, done, total) => {
    const line = `    ${subject}: copies of ${done} of ${plural(total, 'partition')} are in place`
    if (line !== last && !out.json) out.note(line)
    last = line
  }
}

async function readPlan(name: string, shell: Shell): Promise<PlanFile> {
  let text: string
  try {
    text = await readFile(resolve(shell.cwd, name), 'utf8')
  } catch (error) {
    throw new UsageInvalid(`The plan ${name} cannot be read: ${(error as Error).message}.`)
  }
  return parsePlanFile(text, name)
}
