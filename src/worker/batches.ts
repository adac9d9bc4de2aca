/**
 * Gathers events for batch handlers: one open batch per type and lane. No two events of a key are in one batch, because a key that
 * was taken is busy. A batch takes its slot when it starts, not while it gathers.
 * @module
 */
import type { Clock, Timer } from '../clock.ts'
import { HandlerInvalid } from './errors.ts'
import type { AnyBatchHandler, Handling } from './handlers.ts'
import type { PartitionWork } from './partition-work.ts'
import type { Member } from './running.ts'

type BatchHandling = Extract<Handling, { kind: 'batch' }>

interface OpenBatch {
  readonly lane: number
  readonly handling: BatchHandling
  members: Member[]
  /** Full, or waited long enough. */
  due: boolean
  timer: Timer | undefined
}

export interface BatchGathererOptions {
  readonly clock: Clock
  readonly run: (members: readonly Member[], handler: AnyBatchHandler) => void
  /** A batch became due. */
  readonly closed: () => void
}

export class BatchGatherer {
  private readonly options: BatchGathererOptions
  private readonly open = new Map<string, OpenBatch>()
  private due: OpenBatch[] = []

  constructor(options: BatchGathererOptions) {
    this.options = options
  }

  get size(): number {
    return [...this.open.values(), ...this.due].reduce((sum, { members }) => sum + members.length, 0)
  }

  add(member: Member, handling: BatchHandling): void {
    const id = `${member.work.lane}/${member.event.type}`
    let batch = this.open.get(id)
    if (!batch) {
      batch = { lane: member.work.lane, handling, members: [], due: false, timer: undefined }
      this.open.set(id, batch)
      const opened = batch
      batch.timer = this.options.clock.setTimer(handling.maxWaitMs, () => this.close(id, opened))
    }
    batch.members.push(member)
    if (batch.members.length >= handling.maxEvents) this.close(id, batch)
  }

  hasDue(lane: number): boolean {
    return this.due.some((batch) => batch.lane === lane)
  }

  startDue(lane: number): void {
    const index = this.due.findIndex((batch) => batch.lane === lane)
    const [batch] = this.due.splice(index, 1)
    this.options.run(batch!.members, batch!.handling.run)
  }

  /** Takes members out again that match; they go back to nobody: their partition ends. */
  drop(of: (work: PartitionWork) => boolean): Member[] {
    const dropped: Member[] = []
    for (const batch of [...this.open.values(), ...this.due]) {
      dropped.push(...batch.members.filter(({ work }) => of(work)))
      batch.members = batch.members.filter(({ work }) => !of(work))
    }
    this.due = this.due.filter(({ members }) => members.length > 0)
    return dropped
  }

  private close(id: string, batch: OpenBatch): void {
    batch.timer?.cancel()
    if (this.open.get(id) === batch) this.open.delete(id)
    if (batch.due || batch.members.length === 0) return
    batch.due = true
    this.due.push(batch)
    this.options.closed()
  }
}

/** What a batch handler's answer says of each event: undefined is success. */
export function batchOutcomes(results: unknown, count: number): readonly unknown[] {
  if (results === undefined || results === null) return Array.from({ length: count }, () => undefined)
  if (!Array.isArray(results) || results.length !== count) {
    const got = Array.isArray(results) ? `a list of ${results.length}` : typeof results
    const error = new HandlerInvalid(
      `A batch handler returns nothing, or a list with one result for each of its ${count} events; it returned ${got}.`,
    )
    return Array.from({ length: count }, () => error)
  }
  return results.map((result: unknown) =>
    result === undefined || result === null || result === 'ok' ? undefined : failure(result),
  )
}

function failure(result: unknown): unknown {
  if (result instanceof Error) return result
  return new HandlerInvalid(
    `A batch handler's result for an event is an Error, 'ok' or nothing; it was ${typeof result}.`,
  )
}
