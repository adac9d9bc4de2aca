/**
 * A row of small bars.
 * @module
 */

const bars = '▁▂▃▄▅▆▇█'

/** The last `width` values as bars between 0 and `scale`; a missing value is a blank. */
export function sparkline(values: readonly (number | undefined)[], width: number, scale: number): string {
  return values
    .slice(-width)
    .map((value) => {
      if (value === undefined) return ' '
      const share = scale > 0 ? Math.min(1, value / scale) : 0
      return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))]!
    })
    .join('')
}

/** A round number at or above `value` (1, 2 or 5 times a power of ten), so that the scale does not jump at each frame. */
export function roundScale(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 2, 5]) if (value <= step * power * 1.000_001) return step * power
  return 10 * power
}
