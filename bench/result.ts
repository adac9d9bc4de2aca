/**
 * Rounds into results: median and spread, and whether the goal was met.
 * @module
 */
import type { Figures, Scenario } from './scenario.ts'
import { median } from './statistics.ts'

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export interface Result extends Spread {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly goal: Scenario['goal']
  readonly how: string
  readonly rounds: readonly Figures[]
  /** Median of what SQLite alone did. */
  readonly ceiling?: number
  /** Median ÷ goal. */
  readonly ofGoal: number
  readonly met: boolean
  /** Medians of the parts. */
  readonly parts: Readonly<Record<string, number>>
  /** What each side of a comparison did, Veltrix first. */
  readonly sides: Readonly<Record<string, Spread>>
}

/** The scenario's own, and one for each further goal that could be measured. */
export function resultsOf(scenario: Scenario, rounds: readonly Figures[]): Result[] {
  const further = (scenario.further ?? []).flatMap(({ title, goal, part, unit = scenario.unit }) => {
    const values = rounds.flatMap(({ parts }) => parts?.[part] ?? [])
    if (values.length === 0) return []
    const named = {
      ...scenario,
      name: `${scenario.name}: ${part}`,
      title,
      goal,
      unit,
      how: 'measured with the one above',
    }
    return [resultOf(named, values.map((value) => ({ value })))] // prettier-ignore
  })
  return [resultOf(scenario, rounds), ...further]
}

function resultOf({ name, title, unit, goal, how }: Omit<Scenario, 'measure'>, rounds: readonly Figures[]): Result {
  const spread = spreadOf(rounds.map(({ value }) => value))
  const middle = spread.median
  const ceilings = rounds.flatMap(({ ceiling }) => ceiling ?? [])
  const wanted = 'atLeast' in goal ? goal.atLeast : goal.atMost
  return {
    name,
    title,
    unit,
    goal,
    how,
    rounds,
    ...spread,
    ceiling: ceilings.length > 0 ? median(ceilings) : undefined,
    ofGoal: middle / wanted,
    met: 'atLeast' in goal ? middle >= wanted : middle <= wanted,
    parts: Object.fromEntries(byName(rounds.map(({ parts }) => parts)).map(([part, each]) => [part, median(each)])),
    sides: Object.fromEntries(byName(rounds.map(({ sides }) => sides)).map(([side, each]) => [side, spreadOf(each)])),
  }
}

function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) }
}

/** By name, the figures of the rounds that have one of that name. */
function byName(rounds: readonly (Readonly<Record<string, number>> | undefined)[]): [string, number[]][] {
  const figures = new Map<string, number[]>()
  for (const round of rounds) {
    for (const [name, value] of Object.entries(round ?? {})) figures.set(name, [...(figures.get(name) ?? []), value])
  }
  return [...figures]
}
