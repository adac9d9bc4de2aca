/**
 * The judge: reads a recorded history and says which promises it breaks. Pure; knows nothing of how the worker does it, but for the
 * codec of commit metadata.
 *
 * An *owner* is a client the cluster holds for the owner of a partition at that moment, and that has not crashed. What others do
 * (a fenced member that has not noticed yet) cannot be prevented, so it is not judged; but their appends count, for they are stored.
 * @module
 */
import { attemptRules } from './judge-attempts.ts'
import { commitRules } from './judge-commits.ts'
import { letterRules } from './judge-letters.ts'
import { orderRules } from './judge-order.ts'
import { outputRules } from './judge-outputs.ts'
import { World, type SubscriptionFacts } from './judge-world.ts'
import type { HistoryEntry } from './history.ts'

export type RuleName =
  | 'lost'
  | 'order'
  | 'parked order'
  | 'overlap'
  | 'again'
  | 'duplicate'
  | 'attempts'
  | 'commit ahead'
  | 'commit back'
  | 'letter bytes'
  | 'kept though handled'
  | 'effect twice'
  | 'output twice'
  | 'output ahead'
  | 'output order'
  | 'output lost'
  | 'stuck'

export interface Violation {
  readonly rule: RuleName
  readonly text: string
  /** Index of the entry that breaks the rule. */
  readonly index: number
}

/** Looks at `entry` before it is applied to the world. */
export type Rule = (world: World, entry: HistoryEntry, violate: (rule: RuleName, text: string) => void) => void

const rules: readonly Rule[] = [...orderRules, ...attemptRules, ...commitRules, ...letterRules, ...outputRules]

export class Judge {
  readonly world: World
  readonly violations: Violation[] = []
  #index = 0

  constructor(facts: readonly SubscriptionFacts[]) {
    this.world = new World(facts)
  }

  see(entry: HistoryEntry): void {
    const index = this.#index++
    for (const rule of rules) {
      rule(this.world, entry, (name, text) => this.violations.push({ rule: name, text, index }))
    }
    this.world.apply(entry)
  }
}

export function judge(facts: readonly SubscriptionFacts[], history: readonly HistoryEntry[]): readonly Violation[] {
  const judging = new Judge(facts)
  for (const entry of history) judging.see(entry)
  return judging.violations
}
