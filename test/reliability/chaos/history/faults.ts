/**
 * What the history says of the faults: whether they happened, and how long it took until everything was done afterwards.
 * @module
 */
import type { Happening, LineOf } from './happening.ts'
import type { Violations } from './violations.ts'

/** No acknowledgement for so long is no pause, but a standstill. Milliseconds. */
const standstillMs = 3_000

export interface FaultSeen {
  readonly fault: string
  readonly needs: Readonly<Record<string, number>>
  /** How often everything happened while it lasted, or afterwards. */
  readonly counts: Map<string, number>
  readonly beganAt: number
  endedAt: number | undefined
  /** Undefined until everything published before its end was done. */
  drainedAfterMs: number | undefined
}

export class FaultRecord {
  readonly faults: FaultSeen[] = []
  readonly #violations: Violations
  #lastAckAt = -Infinity

  constructor(violations: Violations) {
    this.#violations = violations
  }

  see(line: Happening): void {
    const kind = kindOf(line)
    const current = this.faults.at(-1)
    if (current !== undefined) current.counts.set(kind, (current.counts.get(kind) ?? 0) + 1)
    if (line.what === 'acked') this.#acked(line.t)
    if (line.what === 'fault begins') this.#begin(line)
    else if (line.what === 'fault ends' && current?.fault === line.fault) current.endedAt = line.t
    else if (line.what === 'drained' && current?.fault === line.fault) current.drainedAfterMs = line.afterMs ?? Infinity
  }

  #acked(t: number): void {
    if (t - Math.max(this.#lastAckAt, this.faults.at(-1)?.beganAt ?? Infinity) >= standstillMs)
      this.note('publishing stood still')
    this.#lastAckAt = t
  }

  /** More that is needed for a fault to have happened than lines say by themselves. */
  note(kind: string): void {
    const counts = this.faults.at(-1)?.counts
    counts?.set(kind, (counts.get(kind) ?? 0) + 1)
  }

  #begin({ fault, needs, t }: LineOf<'fault begins'>): void {
    this.faults.push({ fault, needs, counts: new Map(), beganAt: t, endedAt: undefined, drainedAfterMs: undefined })
  }

  finish(drainMs: number): void {
    if (this.faults.length === 0) this.#violations.add('no fault', 'there was no fault in this run')
    for (const { fault, needs, counts, endedAt, drainedAfterMs } of this.faults) {
      for (const [kind, least] of Object.entries(needs)) {
        const count = counts.get(kind) ?? 0
        if (count < least)
          this.#violations.add('no fault', `${fault}: "${kind}" happened ${count} times, not ${least} or more`)
      }
      if (endedAt === undefined) this.#violations.add('no fault', `${fault} never ended`)
      if (drainedAfterMs === undefined || drainedAfterMs > drainMs)
        this.#violations.add('stuck', `${fault}: what was published before its end was not done after ${drainMs} ms`)
    }
  }
}

/** The name under which a fault asks for something to have happened. */
function kindOf(line: Happening): string {
  if (line.what === 'seen') return line.kind
  if (line.what === 'trouble') return `trouble: ${line.doing}`
  if (line.what === 'dying') return `died ${line.where} a handler`
  return line.what
}
