/**
 * What one attempt of an exactly-once subscription has published: checked and encoded, and not in the log before the attempt is over and
 * committed.
 * @module
 */
import type { AppendRecord } from '../transport/index.ts'
import { HandlerEnded } from './errors.ts'

/** A published event, ready to be stored. */
export interface StagedEvent {
  readonly id: string
  readonly record: AppendRecord
}

/** Checks and encodes an event that a handler publishes; a promise only where its schema is asynchronous. */
export type Stage = () => StagedEvent | Promise<StagedEvent>

export class StagedPublishes {
  private readonly subscription: string
  private records: AppendRecord[] = []
  private pending = 0
  private ended = false

  constructor(subscription: string) {
    this.subscription = subscription
  }

  /** @throws HandlerEnded; what `stage` throws */
  async add(stage: Stage): Promise<unknown> {
    if (this.ended) throw new HandlerEnded(this.subscription)
    const staged = stage()
    // Without a turn of the event loop where nothing is waited for: then it counts also when nobody awaits this.
    if (!(staged instanceof Promise)) return this.take(staged)
    this.pending++
    try {
      return this.take(await staged)
    } finally {
      this.pending--
    }
  }

  /**
   * The attempt is over: nothing is taken any more.
   * @throws HandlerEnded when an event is still being checked
   */
  end(): readonly AppendRecord[] {
    this.ended = true
    if (this.pending > 0) throw new HandlerEnded(this.subscription)
    return this.records
  }

  private take({ id, record }: StagedEvent): unknown {
    if (this.ended) throw new HandlerEnded(this.subscription)
    this.records.push(record)
    const { topic, partition } = record
    return { id, topic, partition, offset: -1, duplicate: false, staged: true }
  }
}
