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
  /** From 1 on. */
  readonly number: number
  /** Of the Kafka cluster, where the scenario needs one. */
  readonly brokers: readonly string[]
}

export interface Figures {
  /** The figure the goal is about. */
  readonly value: number
  /** What SQLite alone does of the same, in the same round. */
  readonly ceiling?: number
  /** What the figure is made of, and others worth seeing. By name with unit. */
  readonly parts?: Readonly<Record<string, number>>
  /** What each side of a comparison did, Veltrix first; more is better. */
  readonly sides?: Readonly<Record<string, number>>
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number }

/** Another goal about figures of the same measurement. */
export interface FurtherGoal {
  readonly title: string
  readonly goal: Goal
  /** Default: the scenario's. */
  readonly unit?: string
  /** Which part it is about. Not judged in a run without that part. */
  readonly part: string
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly goal: Goal
  readonly further?: readonly FurtherGoal[]
  /** How it is measured, for the report. */
  readonly how: string
  /** Once for all rounds, before them, in a process of its own. */
  prepare?(round: Round): Promise<void>
  /** One round, in a process of its own. */
  measure(round: Round): Promise<Figures>
}

/** A tenth when quick. */
export function sized(round: Round, count: number): number {
  return round.quick ? Math.ceil(count / 10) : count
}
