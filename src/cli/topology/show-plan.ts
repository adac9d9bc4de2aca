/**
 * Making a plan and showing it.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { blockedIn, planFile, planFor, type Allowances } from '../../topology/index.ts'
import { shown } from '../app-module.ts'
import { UsageInvalid } from '../errors.ts'
import { planExitCodes } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { planJson, planLines } from './lines.ts'
import { withLog } from './with-log.ts'

export interface ShownPlan {
  readonly place: string | undefined
  /** Where the plan is kept. */
  readonly file: string | undefined
  readonly allowed: Allowances
}

export async function showPlan({ place, file, allowed }: ShownPlan, shell: Shell, out: Output): Promise<number> {
  try {
    return await withLog(place, shell, async ({ log, config }) => {
      const { plan, desired, actual } = await planFor({ log, config, allowed })
      if (out.json) await out.result(planJson(plan))
      else await out.lines(...planLines(plan, out.paint))
      if (blockedIn(plan).length > 0) {
        if (file !== undefined) out.note('No file was written: the plan cannot be applied.')
        return planExitCodes.failed
      }
      if (file !== undefined) {
        const path = resolve(shell.cwd, file)
        const content = planFile(desired, actual, allowed, plan, shell.clock.now())
        await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`)
        out.note(`Written to ${shown(path, shell.cwd)}; "veltrix apply ${file}" applies just this.`)
      }
      return plan.changes.length > 0 ? planExitCodes.changes : planExitCodes.none
    })
  } catch (error) {
    // 3 means changes here, so whatever else keeps the plan from being made is 1.
    if (error instanceof UsageInvalid) throw error
    await out.failure(error)
    return planExitCodes.failed
  }
}
