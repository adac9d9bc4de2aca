/**
 * Seconds as the columns of a plot. Seconds that nobody knows are gaps.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'

type Value = number | null

/** The times in seconds, then a column for each of `reads`. */
export function columns(
  seconds: readonly LiveSecond[],
  reads: readonly ((second: LiveSecond) => Value)[],
): [number[], ...Value[][]] {
  const times: number[] = []
  const values = reads.map((): Value[] => [])
  let before: number | null = null
  for (const second of seconds) {
    const at = second.at / 1000
    // More than a second is missing: a hole, not a line across.
    if (before !== null && at - before > 2.5) {
      times.push(before + 1)
      for (const column of values) column.push(null)
    }
    times.push(at)
    reads.forEach((read, index) => values[index]!.push(read(second)))
    before = at
  }
  return [times, ...values]
}
