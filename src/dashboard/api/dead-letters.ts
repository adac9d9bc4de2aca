/**
 * Dead letters: listed, shown, acted on.
 * @module
 */
import type { EventView } from './events.ts'

/** As query parameters; all that are given must hold. */
export interface DeadQuery {
  readonly group?: string
  readonly type?: string
  readonly key?: string
  readonly reason?: string
  readonly kind?: 'dead' | 'parked'
  readonly since?: number
  readonly until?: number
  /** Part of the error's name or message. */
  readonly error?: string
  readonly after?: string
  readonly limit?: number
}

export interface DeadPage {
  readonly letters: readonly DeadLine[]
  readonly next: string | null
  readonly total: number
}

export interface DeadLine {
  readonly id: string
  readonly kind: 'dead' | 'parked'
  readonly status: 'dead' | 'parked' | 'redriving'
  readonly reason: string
  readonly type: string
  readonly key: string
  readonly lane: string
  readonly stream: string
  readonly eventId: string
  readonly attempts: number
  readonly deadAt: number
  readonly errorName: string | null
  readonly errorMessage: string | null
  readonly group: string
  /** Letters that wait behind it. */
  readonly followers: number
}

/** Letters whose errors look alike: the same reason, name, and message without its numbers, ids and quotations. */
export interface DeadGroup {
  readonly group: string
  readonly reason: string
  readonly errorName: string | null
  /** The message with what differs left out. */
  readonly pattern: string
  readonly count: number
  readonly keys: number
  readonly types: readonly string[]
  readonly firstAt: number
  readonly lastAt: number
}

export interface LetterView {
  readonly letter: DeadLine
  readonly event: EventView
  readonly errorStack: string | null
  readonly causes: readonly string[]
  readonly behind: DeadLine | null
  readonly followers: readonly DeadLine[]
  readonly audit: readonly AuditView[]
}

export interface AuditView {
  readonly at: number
  readonly by: string
  readonly action: string
  readonly letters: readonly string[]
  readonly reason: string | null
}

/** Ids, a filter, or (`all: true`) everything, said on purpose. */
export type Selection = { readonly ids: readonly string[] } | { readonly filter: DeadQuery } | { readonly all: true }

export interface RedriveRequest {
  readonly selection: Selection
  /** Letters per second. Default 100. */
  readonly rate?: number
  readonly reason?: string
  readonly dryRun?: boolean
}

export interface DiscardRequest {
  readonly selection: Selection
  readonly reason: string
  readonly dryRun?: boolean
}

export interface DryRun {
  readonly total: number
  /** By outcome: `would-redrive`, `follows`, `blocked`, … */
  readonly outcomes: Readonly<Record<string, number>>
  /** Why some may not be touched; at most 20. */
  readonly refused: readonly { readonly id: string; readonly why: string }[]
}

export interface Redrive {
  readonly id: string
  readonly subscription: string
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly startedAt: number
  readonly endedAt: number | null
  readonly by: string
  readonly rate: number
  readonly total: number
  /** Those of them that have to be asked for: the others follow one of these by themselves. */
  readonly toRequest: number
  readonly requested: number
  readonly redriven: number
  readonly failedAgain: number
  readonly error: string | null
}

export interface ReplaceRequest {
  /** The payload of the copy; masked fields that were not changed keep their value. */
  readonly data: unknown
  readonly reason: string
}
