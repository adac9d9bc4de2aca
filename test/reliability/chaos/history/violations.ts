/**
 * What a history breaks.
 * @module
 */
import type { RuleName as SimulationRule } from '../../../support/judge.ts'

/** Rules with the names of the simulation's mean the same there. */
export type RuleName =
  | Extract<
      SimulationRule,
      'lost' | 'order' | 'parked order' | 'overlap' | 'again' | 'attempts' | 'commit ahead' | 'commit back' | 'stuck'
    >
  | Extract<SimulationRule, 'effect twice'>
  | 'effect lost'
  | 'publish order'
  | 'stored though failed'
  | 'ownership'
  | 'unplanned'
  | 'no fault'
  | 'load'
  | 'history'

export interface Violation {
  readonly rule: RuleName
  readonly text: string
  /** Machine time of the line that shows it; the end of the history when its end shows it. */
  readonly t: number
}

/** Texts kept of each rule; all are counted. */
const textsKept = 20

export class Violations {
  readonly list: Violation[] = []
  readonly counts = new Map<RuleName, number>()
  #now = 0

  at(t: number): void {
    this.#now = t
  }

  add(rule: RuleName, text: string): void {
    const count = (this.counts.get(rule) ?? 0) + 1
    this.counts.set(rule, count)
    if (count <= textsKept) this.list.push({ rule, text, t: this.#now })
  }
}
