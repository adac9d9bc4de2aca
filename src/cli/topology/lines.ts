/**
 * A plan for people.
 * @module
 */
import { summaryOf, type Change, type Plan } from '../../topology/index.ts'
import type { Paint } from '../paint.ts'

export function planLines(plan: Plan, paint: Paint): readonly string[] {
  const lines = plan.changes.flatMap((change) => changeLines(change, paint))
  for (const { subject, says, mend } of plan.warnings) {
    lines.push(`${paint.warn('warning')} ${paint.strong(subject)}: ${says}`, `    ${paint.faint(mend)}`)
  }
  lines.push(...plan.notes.map((note) => paint.faint(`note ${note}`)))
  if (lines.length > 0) lines.push('')
  return [...lines, summaryOf(plan)]
}

function changeLines({ symbol, subject, what, reason, details = [] }: Change, paint: Paint): string[] {
  const colour = { '+': paint.good, '~': paint.warn, '-': paint.bad, '!': paint.bad }[symbol]
  return [
    `${colour(symbol)} ${paint.strong(subject)}  ${what}`,
    `    ${paint.faint(reason)}`,
    ...details.map((line) => `    ${paint.faint(line)}`),
  ]
}

export function planJson(plan: Plan): object {
  return { ...plan, summary: summaryOf(plan) }
}
