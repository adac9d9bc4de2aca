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
import { recordTooLarge } from './append.ts'
import type { Fetcher } from './fetcher.ts'
import { maxMetadataBytes } from './metadata-text.ts'
import { packRecords } from './packed-records.ts'
import type { FromThread, Grant, ToThread } from './protocol.ts'
import { recordBytes } from './record-codec.ts'
import { SessionEnd } from './session-end.ts'
import { fromWire } from './wire-errors.ts'

/** What a consumer needs of its log. */
export interface ConsumerHost {
  readonly fetcher: Fetcher
  readonly clock: Clock
  readonly rebalanceTimeoutMs: number
  /** Of a static member. */
  readonly instanceId: string | null
  readonly maxRecordBytes: number
  post(message: ToThread): void
  ask(question: (id: number) => ToThread, transfer?: readonly ArrayBuffer[]): Promise<void>
  forget(): void
}

export type ConsumerPush = Extract<FromThread, { consumer: number }>

export class KafkaConsumer implements Consumer {
  readonly #number: number
  readonly #host: ConsumerHost
  readonly #options: ConsumeOptions
  /** By `<partition>/<topic>`; a partition that is taken and given again is another object. */
  readonly #held = new Map<string, Grant>()
  readonly #session = new SessionEnd()
  #closing: Promise<void> | undefined

  constructor(number: number, host: ConsumerHost, options: ConsumeOptions) {
    this.#number = number
    this.#host = host
    this.#options = options
  }

  join(): void {
    const { group, topics, sessionTimeoutMs = 10_000, startAt = 'earliest' } = this.#options
    const { instanceId } = this.#host
    const how = { group, topics: [...topics], startAt, sessionTimeoutMs, instanceId, session: this.#session.memory }
    this.#host.post({ op: 'join', consumer: this.#number, ...how })
  }

  get sessionLeftMs(): number {
    return this.#session.leftMs
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
    for (const { topic, partition, metadata } of positions) {
      if (metadata.length <= maxMetadataBytes) continue
      throw new MetadataTooLarge(
        `The commit metadata of ${topic}/${partition} has ${metadata.length} bytes; at most ${maxMetadataBytes} are kept (the broker's offset.metadata.max.bytes). Commit less state with it.`,
      )
    }
    if (positions.length === 0) {
      if (records.length === 0) return
      throw new RangeError('commit() has records and no position to store them with.')
    }
    const granted = positions.map(({ topic, partition, offset, metadata }) => ({
      topic,
      partition,
      offset,
      metadata,
      // Not held: a number that was never given, so that all of the call is refused.
      grant: this.#held.get(keyOf({ topic, partition }))?.grant ?? -1,
    }))
    const commit = { op: 'commit', consumer: this.#number, positions: granted } as const
    if (records.length === 0) return this.#host.ask((id) => ({ ...commit, id }))
    for (const record of records) {
      const bytes = recordBytes(record)
      if (bytes > this.#host.maxRecordBytes) throw recordTooLarge(bytes, this.#host.maxRecordBytes)
    }
    const packed = packRecords(records)
    return this.#host.ask((id) => ({ ...commit, id, records: packed }), [packed.bytes.buffer])
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** What the member thread says. */
  take(push: ConsumerPush): void {
    if (push.push === 'failed') return this.failed(fromWire(push.error))
    if (push.push === 'lost') return this.#lost(push.partitions)
    if (this.#closing !== undefined) return
    if (push.push === 'revoke') return void this.#revoke(push.partitions)
    for (const { topic, partition, grant } of push.partitions) {
      this.#held.set(keyOf({ topic, partition }), { topic, partition, grant })
    }
    this.#options.listener.assigned(
      push.partitions.map(({ topic, partition, committedOffset, metadata }) => {
        return { topic, partition, committedOffset, metadata }
      }),
    )
  }

  /** The thread ended: nothing is held any more. */
  broken(error: Error): void {
    this.#lost([...this.#held.values()])
    this.failed(error)
  }

  failed(error: Error): void {
    this.#options.listener.failed(error)
  }

  #lost(partitions: readonly Grant[]): void {
    const gone = partitions.filter((place) => {
      const held = this.#held.get(keyOf(place))
      return held?.grant === place.grant && this.#held.delete(keyOf(place))
    })
    this.#host.fetcher.forget(gone)
    if (gone.length > 0) this.#options.listener.lost(gone.map(plain))
  }

  async #revoke(partitions: readonly Grant[]): Promise<void> {
    await this.#callRevoked(partitions.map(plain))
    for (const place of partitions) {
      if (this.#held.get(keyOf(place))?.grant === place.grant) this.#held.delete(keyOf(place))
    }
    this.#host.fetcher.forget(partitions)
    this.#host.post({ op: 'released', consumer: this.#number, partitions })
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
    await this.#host.ask((id) => ({ op: 'leave', id, consumer: this.#number })).catch(() => {})
    this.#host.forget()
  }
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`
}
