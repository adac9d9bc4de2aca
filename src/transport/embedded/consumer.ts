/**
 * Membership in a group, as the main thread sees it.
 * @module
 */
import type { Clock } from '../../clock.ts'
import {
  LogClosed,
  MetadataTooLarge,
  type AppendRecord,
  type CommitPosition,
  type ConsumeOptions,
  type Consumer,
  type FetchedBatch,
  type FetchRequest,
  type TopicPartition,
} from '../index.ts'
import type { Fetcher } from './fetcher.ts'
import type { Answer, Ask, Grant, OperationName, PackedEntry, Push } from './protocol.ts'
import { fromWire } from './wire-errors.ts'

/** What a consumer needs of its log. */
export interface ConsumerHost {
  readonly fetcher: Fetcher
  readonly clock: Clock
  readonly rebalanceTimeoutMs: number
  readonly maxMetadataBytes: number
  /** @throws RecordTooLarge */
  pack(records: readonly AppendRecord[]): { readonly entries: PackedEntry[]; readonly transfer: ArrayBuffer[] }
  ask<Name extends OperationName>(op: Name, ask: Ask<Name>, transfer?: ArrayBuffer[]): Promise<Answer<Name>>
  forget(consumer: EmbeddedConsumer): void
}

type PushTo = Extract<Push, { consumer: number }>

export class EmbeddedConsumer implements Consumer {
  readonly number: number
  readonly #host: ConsumerHost
  readonly #options: ConsumeOptions
  /** By `<partition>/<topic>`; a partition that is taken and given again is another object. */
  readonly #held = new Map<string, Grant>()
  #closing: Promise<void> | undefined

  constructor(number: number, host: ConsumerHost, options: ConsumeOptions) {
    this.number = number
    this.#host = host
    this.#options = options
  }

  join(): void {
    const { group, topics, sessionTimeoutMs = 10_000, startAt = 'earliest' } = this.#options
    this.#host.fetcher.watch(topics).catch(() => {})
    const joined = this.#host.ask('join', { consumer: this.number, group, topics, sessionTimeoutMs, startAt })
    // When the owner ends meanwhile a `reset` follows, and we join again.
    joined.catch(() => {})
  }

  fetch(
    wanted: readonly FetchRequest[],
    options: { maxWaitMs: number; signal?: AbortSignal },
  ): Promise<readonly FetchedBatch[]> {
    const held = new Map(wanted.map((want) => [keyOf(want), this.#held.get(keyOf(want))]))
    return this.#host.fetcher.fetch(wanted, options, (place) => {
      if (this.#closing !== undefined) throw new LogClosed('The consumer was closed while a fetch was pending.')
      const then = held.get(keyOf(place))
      return then !== undefined && this.#held.get(keyOf(place)) === then
    })
  }

  async commit(positions: readonly CommitPosition[], records: readonly AppendRecord[] = []): Promise<void> {
    const limit = this.#host.maxMetadataBytes
    for (const { topic, partition, metadata } of positions) {
      if (metadata.length <= limit) continue
      throw new MetadataTooLarge(
        `The commit metadata of ${topic}/${partition} has ${metadata.length} bytes; at most ${limit} are kept. Commit less state with it.`,
      )
    }
    if (positions.length === 0) {
      if (records.length === 0) return
      throw new RangeError('commit() has records and no position to store them with.')
    }
    const granted = positions.map((position) => ({
      ...position,
      // Not held: a number that was never given, so that all of the call is refused.
      grant: this.#held.get(keyOf(position))?.grant ?? -1,
    }))
    const ask = { consumer: this.number, positions: granted }
    if (records.length === 0) return this.#host.ask('commit', ask)
    const { entries, transfer } = this.#host.pack(records)
    return this.#host.ask('commit', { ...ask, entries }, transfer)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** What the coordinator says. */
  take(push: PushTo): void {
    if (push.push === 'failed') return this.failed(fromWire(push.error))
    if (push.push === 'lost') return this.#lost(push.partitions, push.expelled)
    if (this.#closing !== undefined) return
    if (push.push === 'revoke') return void this.#revoke(push.partitions)
    for (const { topic, partition, grant } of push.partitions)
      this.#held.set(keyOf({ topic, partition }), { topic, partition, grant })
    this.#options.listener.assigned(
      push.partitions.map(({ topic, partition, committedOffset, metadata }) => {
        return { topic, partition, committedOffset, metadata }
      }),
    )
  }

  /** The owner changed: all memberships ended with it. */
  reset(): void {
    this.#lost([...this.#held.values()].map(plain), true)
  }

  failed(error: Error): void {
    this.#options.listener.failed(error)
  }

  #lost(partitions: readonly TopicPartition[], expelled: boolean): void {
    const gone = partitions.filter((place) => this.#held.delete(keyOf(place)))
    this.#host.fetcher.wakeAll()
    if (gone.length > 0) this.#options.listener.lost(gone)
    if (expelled && this.#closing === undefined) this.join()
  }

  async #revoke(partitions: readonly Grant[]): Promise<void> {
    const held = partitions.map((place) => this.#held.get(keyOf(place)))
    await this.#callRevoked(partitions.map(plain))
    for (const place of held) {
      if (place !== undefined && this.#held.get(keyOf(place)) === place) this.#held.delete(keyOf(place))
    }
    this.#host.fetcher.wakeAll()
    this.#host.ask('released', { consumer: this.number, partitions }).catch(() => {})
  }

  async #callRevoked(partitions: readonly TopicPartition[]): Promise<void> {
    try {
      await this.#options.listener.revoked(partitions)
    } catch (error) {
      this.failed(error as Error)
    }
  }

  async #close(): Promise<void> {
    // Lets `close()` return its promise first: `#closing` must be set before anybody looks.
    await Promise.resolve()
    this.#host.fetcher.wakeAll()
    const { clock, rebalanceTimeoutMs } = this.#host
    if (this.#held.size > 0) {
      const late = Promise.withResolvers<void>()
      const timer = clock.setTimer(rebalanceTimeoutMs, late.resolve)
      await Promise.race([this.#callRevoked([...this.#held.values()].map(plain)), late.promise])
      timer.cancel()
    }
    this.#held.clear()
    await this.#host.ask('leave', { consumer: this.number }).catch(() => {})
    this.#host.forget(this)
  }
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`
}
