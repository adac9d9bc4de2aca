/**
 * What a scenario of the benchmark is.
 * @module
 */

/** Where and how large one round is. */
export interface Round {
  /** An empty directory of this round's own, removed afterwards. */
  readonly directory: string
  /** A tenth of the work, to try the benchmark itself; its figures are no result. */
  readonly quick: boolean
}

export interface Figures {
  /** The figure the goal is about. */
  readonly value: number
  /** What SQLite alone does of the same, in the same round. */
  readonly ceiling?: number
  /** What the figure is made of, and others worth seeing. By name with unit. */
  readonly parts?: Readonly<Record<string, number>>
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly goal: { readonly atLeast: number } | { readonly atMost: number }
  /** How it is measured, for the report. */
  readonly how: string
  /** One round, in a process of its own. */
  measure(round: Round): Promise<Figures>
}

/** A tenth when quick. */
export function sized(round: Round, count: number): number {
  return round.quick ? Math.ceil(count / 10) : count
}
