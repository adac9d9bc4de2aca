/**
 * Moments and lengths that several options share.
 * @module
 */

export const dayMs = 86_400_000
/** Longest delay a timer can be set to, rounded down to whole days: 24 days. */
export const longestTimerMs = 24 * dayMs
/** Longest retention written as a duration (100 years); beyond it there is `'forever'`. */
export const forever = 36_500 * dayMs
