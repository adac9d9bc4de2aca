/**
 * Rounds into results: median and spread, and whether the goal was met.
 * @module
 */
import type { Figures, Scenario } from './scenario.ts'
import { median } from './statistics.ts'

export interface Result {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly goal: Scenario['goal']
  readonly how: string
  readonly rounds: readonly Figures[]
  readonly median: number
  readonly least: number
  readonly most: number
  /** Median of what SQLite alone did. */
  readonly ceiling?: number
  /** Median ÷ goal. */
  readonly ofGoal: number
  readonly met: boolean
  /** Medians of the parts. */
  readonly parts: Readonly<Record<string, number>>
}

export function resultOf({ name, title, unit, goal, how }: Scenario, rounds: readonly Figures[]): Result {
  const values = rounds.map(({ value }) => value)
  const middle = median(values)
  const ceilings = rounds.flatMap(({ ceiling }) => ceiling ?? [])
  const wanted = 'atLeast' in goal ? goal.atLeast : goal.atMost
  const partNames = Object.keys(rounds[0]?.parts ?? {})
  return {
    name,
    title,
    unit,
    goal,
    how,
    rounds,
    median: middle,
    least: Math.min(...values),
    most: Math.max(...values),
    ceiling: ceilings.length > 0 ? median(ceilings) : undefined,
    ofGoal: middle / wanted,
    met: 'atLeast' in goal ? middle >= wanted : middle <= wanted,
    parts: Object.fromEntries(partNames.map((part) => [part, median(rounds.map(({ parts }) => parts![part]!))])),
  }
}
