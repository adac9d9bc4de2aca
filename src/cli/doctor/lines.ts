/**
 * Findings in words.
 * @module
 */
import { fit } from '../format.ts'
import type { Output } from '../output.ts'
import { wrap } from '../table.ts'
import type { Finding } from './finding.ts'

const widest = 120

/** A line per finding, and what to do below it. */
export function findingLines(
  findings: readonly Finding[],
  { paint, width }: Pick<Output, 'paint' | 'width'>,
): string[] {
  const tints = { ok: paint.good, warn: paint.warn, wrong: paint.bad }
  const left = Math.max(...findings.map(({ check }) => check.length))
  const indent = 7 + left + 2
  const room = Math.max(20, Math.min(width, widest) - indent)
  return findings.flatMap(({ check, status, says, mend }) => {
    const lead = `${tints[status](fit(status, 5))}  ${paint.name(fit(check, left))}  `
    // A message of several lines (every problem of a typed file) keeps them.
    const text = says.split('\n').flatMap((line) => wrap(line, room))
    const advice = mend === undefined ? [] : wrap(`To do: ${mend}`, room).map((line) => paint.faint(line))
    return [...text, ...advice].map((line, index) => (index === 0 ? lead : ' '.repeat(indent)) + line)
  })
}
