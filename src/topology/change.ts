/**
 * One line of a plan, and what applying it needs.
 * @module
 */
import type { TopicSetting, TopicSpec } from '../transport/index.ts'
import type { Move } from './placement.ts'
import type { JsonSchema } from '../event/index.ts'

/** `+` made, `~` changed, `-` removed, `!` dangerous or impossible. */
export type Symbol = '+' | '~' | '-' | '!'

interface Line {
  readonly symbol: Symbol
  /** A topic, or `event <type>`. */
  readonly subject: string
  /** What is done: `min.insync.replicas 1 → 2`. */
  readonly what: string
  /** Why, in a sentence. */
  readonly reason: string
  /** Further lines for people: moves, steps of a safer way. */
  readonly details?: readonly string[]
}

export interface CreateTopic extends Line {
  readonly kind: 'create'
  readonly spec: TopicSpec
}

export interface AdoptTopic extends Line {
  readonly kind: 'adopt'
}

export interface SetTopic extends Line {
  readonly kind: 'set'
  readonly setting: TopicSetting
  /** `null`: no limit. */
  readonly to: number | boolean | null
  /** Whether it becomes a larger number. */
  readonly raises: boolean
}

export interface MoveReplicas extends Line {
  readonly kind: 'replicas'
  readonly copies: number
  /** None when they are under way already, and are only waited for. */
  readonly moves: readonly Move[]
}

export interface AddPartitions extends Line {
  readonly kind: 'partitions'
  readonly to: number
}

export interface DeleteTopic extends Line {
  readonly kind: 'delete'
}

/** A topic of the ledger that is not there any more. */
export interface ForgetTopic extends Line {
  readonly kind: 'forget'
}

export interface RecordSchema extends Line {
  readonly kind: 'schema'
  readonly type: string
  readonly schema: JsonSchema
}

/** Stops the plan from being applied. */
export interface Blocked extends Line {
  readonly kind: 'blocked'
  readonly symbol: '!'
}

export type Step =
  | CreateTopic
  | AdoptTopic
  | SetTopic
  | MoveReplicas
  | AddPartitions
  | DeleteTopic
  | ForgetTopic
  | RecordSchema

export type Change = Step | Blocked

export interface Warning {
  readonly subject: string
  readonly says: string
  /** What to do about it. */
  readonly mend: string
}

export interface Plan {
  readonly app: string
  /** In the order in which they are applied. */
  readonly changes: readonly Change[]
  readonly warnings: readonly Warning[]
  /** What was seen and stays as it is: topics of others, events without a JSON Schema. */
  readonly notes: readonly string[]
}

export function blocked(subject: string, what: string, reason: string, details?: readonly string[]): Blocked {
  return { kind: 'blocked', symbol: '!', subject, what, reason, ...(details && { details }) }
}

export function stepsOf(plan: Plan): readonly Step[] {
  return plan.changes.filter((change) => change.kind !== 'blocked')
}

export function blockedIn(plan: Plan): readonly Blocked[] {
  return plan.changes.filter((change) => change.kind === 'blocked')
}

/** The same for steps that lead to the same end, from wherever: a plan that was begun and is made again has no others. */
export function stepKey(step: Step): string {
  switch (step.kind) {
    case 'create':
    case 'adopt':
      return `own ${step.subject}`
    case 'set':
      return `set ${step.subject} ${step.setting} ${step.to}`
    case 'replicas':
      return `replicas ${step.subject} ${step.copies}`
    case 'partitions':
      return `partitions ${step.subject} ${step.to}`
    case 'delete':
    case 'forget':
      return `drop ${step.subject}`
    case 'schema':
      return `schema ${step.type} ${JSON.stringify(step.schema)}`
  }
}

/** `2 to make, 1 to change, 0 to remove, 1 dangerous or impossible`, or that there is nothing to do. */
export function summaryOf(plan: Plan): string {
  if (plan.changes.length === 0) return 'Nothing to do: the log is as the typed file says.'
  const count = (symbol: Symbol): number => plan.changes.filter((change) => change.symbol === symbol).length
  return `Plan: ${count('+')} to make, ${count('~')} to change, ${count('-')} to remove, ${count('!')} dangerous or impossible.`
}
