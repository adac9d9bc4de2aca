/**
 * Processes as the history shows them: which are dead, which were stopped for how long, which partitions each was given.
 * @module
 */
import type { Row } from './rows.ts'

/** One giving of a partition to a process. Its identity is what counts. */
export interface Grant {
  readonly at: string
}

/** One handler call. */
export interface Attempt {
  readonly process: Process
  readonly subscription: string
  readonly run: number
  readonly row: Row
  /** Its process had lost the partition: what it does no longer counts, and must not count for the application either. */
  stale: boolean
}

export class Process {
  readonly name: string
  isDead = false
  /** When it was sent SIGSTOP. */
  stoppedAt: number | undefined
  /** By subscription and place. */
  readonly grants = new Map<string, Grant>()
  /** By run. */
  readonly running = new Map<number, Attempt>()
  /**
   * After a stop that was longer than its session: until when it does not know yet that it lost a partition, by subscription and
   * place.
   */
  readonly unawareUntil = new Map<string, number>()

  constructor(name: string) {
    this.name = name
  }

  /** Whether it has lost the partition and cannot know it yet. */
  isUnaware(subscription: string, at: string, t: number): boolean {
    return t < (this.unawareUntil.get(grantKey(subscription, at)) ?? -Infinity)
  }

  /** Whether others may have been given its partitions because it has been silent for so long. */
  mayBeFenced(t: number, sessionMs: number): boolean {
    return this.stoppedAt !== undefined && t - this.stoppedAt >= sessionMs
  }
}

export function grantKey(subscription: string, at: string): string {
  return `${subscription} ${at}`
}
