/**
 * Rights: who may do what with which events. What no right allows is not allowed.
 * @module
 */

/**
 * `publish`: send events. `read-types`: list types and read descriptions. `tail`: read events as they come. Of the dashboard: `read`: see all but
 * payloads. `read-payload`: see payloads. `redrive`: run dead letters again, discard or replace them. `pause`: hold subscriptions.
 */
export const verbs = ['publish', 'read-types', 'tail', 'read', 'read-payload', 'redrive', 'pause'] as const
export type Verb = (typeof verbs)[number]

/** One right, as it is written. */
export interface RightOptions {
  readonly verbs: readonly Verb[]
  /** Types of events: `order.placed`, `order.*` (whatever begins with `order.`) or `*`. */
  readonly types: readonly string[]
  /** Sources of events: `/till/7`, `/till/*` (whatever begins with `/till/`) or `*`. Needed with `publish`, `tail` and `read-payload`. */
  readonly sources?: readonly string[]
}

/** One right, checked. */
export interface Right {
  readonly verbs: readonly Verb[]
  readonly types: readonly string[]
  readonly sources: readonly string[]
}

/** Whether one of `rights` has the verb at all, whatever the type. */
export function mayEver(rights: readonly Right[], verb: Verb): boolean {
  return rights.some((right) => right.verbs.includes(verb))
}

/** Whether one of `rights` allows `verb` on events of `type`; the same one must allow the source, where there is one. */
export function isAllowed(rights: readonly Right[], verb: Verb, type: string, source?: string): boolean {
  return rights.some(
    (right) =>
      right.verbs.includes(verb) &&
      right.types.some((pattern) => matches(pattern, type)) &&
      (source === undefined || right.sources.some((pattern) => matches(pattern, source))),
  )
}

/** A pattern is exact, or ends in `*`. */
export function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern
}
