/**
 * Publishing: validate, choose lane and partition, encode, and hand to the log in batches; durable when it resolves.
 * @module
 */
import { crc32 } from 'node:zlib'
import type { PublishManyCall } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type {
  CompiledConfig,
  PublishItemOptions,
  PublishOptions,
  PublishOutcome,
  PublishResult,
} from '../config/index.ts'
import { encodeEvent, EventInvalid, nameOf, type EncodedEvent, type VeltrixEvent } from '../event/index.ts'
import { partitionForKey, RecordTooLarge, type AppendRecord, type Log } from '../transport/index.ts'
import { Bulk } from './bulk.ts'
import { beginPublishMany, endPublishMany, type Origin } from './calls.ts'
import type { Entry, Partition, Receiver, Wave } from './entry.ts'
import { PublisherClosed, PublisherOverloaded } from './errors.ts'
import { Outbox } from './outbox.ts'
import { Preparer, type Prepared } from './prepare.ts'
import { Room } from './room.ts'
import { Sender } from './sender.ts'
import { SinglePublish } from './single-publish.ts'

export interface PublisherOptions {
  readonly config: CompiledConfig
  readonly log: Pick<Log, 'append'>
  readonly clock: Clock
  /** From having room to giving up on an event the log does not take, milliseconds. Default 30,000. */
  readonly deliveryTimeoutMs?: number
  /** Largest record, bytes of key, value and headers: what the log takes, less what a dead letter's story adds. Default: no limit. */
  readonly maxRecordBytes?: number
  /** Name of the transport, for those who listen. Default `embedded`. */
  readonly transport?: string
}

/** One event of `publishMany`, untyped. */
export interface UntypedPublishItem extends PublishItemOptions {
  readonly type: string
  readonly data: unknown
}

/** An event ready to be stored. */
export interface StagedEvent {
  readonly id: string
  readonly record: AppendRecord
}

/** What headers take, about: id, time, type, source and their names. Bytes. */
const headerBytes = 200

const alone: Origin = { how: 'alone' }
const oneOfMany: Origin = { how: 'many' }

export class Publisher {
  readonly #config: CompiledConfig
  readonly #clock: Clock
  readonly #encoding: { readonly maxBytes: number }
  readonly #maxRecordBytes: number
  readonly #transport: string
  readonly #preparer: Preparer
  readonly #room: Room
  readonly #sender: Sender
  #wave: Wave = { open: 0, done: undefined }
  #flushed: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(options: PublisherOptions) {
    const { config, log, clock, deliveryTimeoutMs = 30_000, maxRecordBytes = Infinity } = options
    this.#transport = options.transport ?? 'embedded'
    this.#config = config
    this.#clock = clock
    this.#encoding = { maxBytes: config.publisher.maxEventBytes }
    this.#maxRecordBytes = maxRecordBytes
    this.#preparer = new Preparer(config, clock, this.#transport)
    this.#room = new Room(config.publisher, config.lanes.length)
    const outbox = new Outbox(config.publisher, config.lanes)
    this.#sender = new Sender({
      log,
      clock,
      outbox,
      room: this.#room,
      deliveryTimeoutMs,
      smallBatchEvents: config.publisher.maxBatchEvents / 4,
    })
  }

  /** Events that have room and are not answered, their bytes, and calls waiting for room. */
  get pending(): { readonly events: number; readonly bytes: number; readonly waiting: number } {
    return { events: this.#room.events, bytes: this.#room.bytes, waiting: this.#room.waiting }
  }

  /**
   * Publishes one event; resolves when it is durable. `data` must not be changed until then. Failures that may pass (log unreachable,
   * disk full) are tried again inside, in order, for the delivery time-out.
   * @throws EventUnknownType, EventInvalid, EventTooLarge, RecordTooLarge, PublisherOverloaded, PublisherClosed: not published
   * @throws PublishUnknown: nobody knows; publish again with the same id
   * @throws IdConflict and other errors of the log: not published
   * @throws the signal's reason, when it aborts before the event was sent: not published; afterwards it is PublishUnknown
   * @param cause the event in whose handler it is published: its trace goes on
   */
  publish(type: string, data: unknown, options?: PublishOptions, cause?: VeltrixEvent): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      if (this.#closing) throw new PublisherClosed()
      options?.signal?.throwIfAborted?.()
      const origin = cause === undefined ? alone : { how: 'alone' as const, cause }
      const prepared = this.#preparer.prepare(type, data, options, origin)
      const receiver = new SinglePublish(resolve, reject)
      if (!(prepared instanceof Promise)) this.#enter(prepared, receiver, options?.signal)
      else prepared.then((ready) => this.#enter(ready, receiver, options?.signal)).catch(reject)
    })
  }

  /**
   * Publishes many events in their order and resolves with an outcome for each at its own index: one bad event never fails the others.
   * Paces itself, whatever `publisher.whenFull` says: events are encoded as room comes free, so a million of them need no more memory
   * than the limits allow, beside the outcomes.
   */
  publishMany(items: readonly UntypedPublishItem[]): Promise<readonly PublishOutcome[]> {
    return new Promise((resolve) => {
      if (!Array.isArray(items)) throw new TypeError(`publishMany takes a list of events, not ${nameOf(items)}.`)
      const call = beginPublishMany(this.#transport, items.length)
      const finish = (outcomes: readonly PublishOutcome[]): void => {
        if (call !== undefined) endPublishMany(call, outcomes)
        resolve(outcomes)
      }
      const work = {
        clock: this.#clock,
        limits: this.#config.publisher,
        room: this.#room,
        closed: () => this.#closing !== undefined,
        prepare: (item: unknown) => this.#prepareItem(item, call),
        enqueue: (prepared: Prepared, receiver: Receiver, index: number) => this.#enqueue(prepared, receiver, index),
      }
      new Bulk(work, items, finish).start()
    })
  }

  /** Resolves when every event that has room by now is stored or has failed. */
  flush(): Promise<void> {
    const wave = this.#wave
    if (wave.open === 0) return this.#flushed
    this.#wave = { open: 0, done: undefined }
    const { promise, resolve } = Promise.withResolvers<void>()
    wave.done = resolve
    const before = this.#flushed
    this.#flushed = promise.then(() => before)
    return this.#flushed
  }

  /** Takes no more events (those waiting for room reject with PublisherClosed), sends the rest, resolves. The log stays open. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Only after `#closing` is set: who waits asks for it.
    await undefined
    this.#room.clear()
    await this.flush()
    this.#sender.close()
  }

  #prepareItem(item: unknown, many: PublishManyCall | undefined): Prepared | Promise<Prepared> {
    if (typeof item !== 'object' || item === null) {
      throw new EventInvalid('', [
        { path: 'item', message: `must be an object with type and data, not ${nameOf(item)}` },
      ])
    }
    const { type, data } = item as UntypedPublishItem
    const origin = many === undefined ? oneOfMany : { how: 'many' as const, many }
    // Mostly there is nothing else, and taking an object apart costs as much as encoding it.
    if (Object.keys(item).length === 2) return this.#preparer.prepare(type, data, undefined, origin)
    const { type: _type, data: _data, ...options } = item as UntypedPublishItem
    if ('signal' in options) {
      const message = 'is not an option of one event of many: publish it alone, or stop handing in more'
      throw new EventInvalid(String(type), [{ path: 'signal', message }])
    }
    return this.#preparer.prepare(type, data, options, origin)
  }

  #enter(prepared: Prepared, receiver: SinglePublish, signal: AbortSignal | undefined): void {
    receiver.call = prepared.call
    try {
      this.#enterOrWait(prepared, receiver, signal)
    } catch (error) {
      receiver.failed(undefined, error as Error)
    }
  }

  #enterOrWait(prepared: Prepared, receiver: SinglePublish, signal: AbortSignal | undefined): void {
    const lane = prepared.destination.laneIndex
    if (this.#closing) throw new PublisherClosed()
    signal?.throwIfAborted()
    if (this.#room.free(lane)) return this.#take(prepared, receiver, signal)
    if (this.#config.publisher.whenFull === 'reject') {
      throw new PublisherOverloaded(this.#room.events, this.#room.bytes)
    }
    this.#waitForRoom(prepared, receiver, signal)
  }

  #take(prepared: Prepared, receiver: SinglePublish, signal: AbortSignal | undefined): void {
    const entry = this.#enqueue(prepared, receiver, 0)
    if (signal) receiver.heed(signal, () => this.#sender.abandon(entry, signal.reason))
  }

  #waitForRoom(prepared: Prepared, receiver: SinglePublish, signal: AbortSignal | undefined): void {
    const lane = prepared.destination.laneIndex
    const enter = (): void => {
      try {
        if (this.#closing) throw new PublisherClosed()
        // One signal may end several: the room came free by its abort, whose listeners are still being called.
        signal?.throwIfAborted()
        this.#take(prepared, receiver, signal)
      } catch (error) {
        receiver.failed(undefined, error as Error)
      }
    }
    this.#room.wait(lane, enter)
    if (!signal) return
    receiver.heed(signal, () => {
      this.#room.leave(lane, enter)
      receiver.failed(undefined, signal.reason as Error)
    })
  }

  /** An event that could not be kept as a dead letter is not taken: it would hold its key for ever. */
  #checkSize({ key, value, headers }: EncodedEvent): void {
    const payload = key.length + value.length
    if (payload < this.#maxRecordBytes / 2 && headers.length < 8) return
    const bytes = payload + headersBound(headers)
    if (bytes <= this.#maxRecordBytes) return
    throw new RecordTooLarge(
      bytes,
      this.#maxRecordBytes,
      "the transport's maxRecordBytes, less the room for a dead letter's story",
    )
  }

  /**
   * Checks and encodes an event as `publish` does, and leaves storing it to the caller: a worker stores it with a commit. An `id` that is given
   * is the event's, and is not looked for in the log.
   * @throws EventUnknownType, EventInvalid, EventTooLarge, RecordTooLarge, PublisherClosed, the signal's reason (or the promise rejects with them)
   */
  stage(
    type: string,
    data: unknown,
    options?: PublishOptions,
    cause?: VeltrixEvent,
  ): StagedEvent | Promise<StagedEvent> {
    if (this.#closing) throw new PublisherClosed()
    options?.signal?.throwIfAborted?.()
    const prepared = this.#preparer.prepare(type, data, options, { how: 'staged', ...(cause && { cause }) })
    const staged = (ready: Prepared): StagedEvent => {
      const { encoded, partition } = this.#encode(ready)
      return { id: ready.event.id, record: recordOf(encoded, partition, undefined) }
    }
    return prepared instanceof Promise ? prepared.then(staged) : staged(prepared)
  }

  #encode({ event, destination }: Prepared): { readonly encoded: EncodedEvent; readonly partition: Partition } {
    const encoded = encodeEvent(event, this.#encoding)
    this.#checkSize(encoded)
    const { partitions } = destination
    return { encoded, partition: partitions[partitionForKey(encoded.key, partitions.length)]! }
  }

  #enqueue(prepared: Prepared, receiver: Receiver, index: number): Entry {
    const { event, destination, idGiven } = prepared
    const { encoded, partition } = this.#encode(prepared)
    const dedupe = idGiven ? { scope: event.source, id: event.id, digest: digestOf(event.type, encoded) } : undefined
    const entry: Entry = {
      id: event.id,
      record: recordOf(encoded, partition, dedupe),
      bytes: encoded.key.length + encoded.value.length + headerBytes,
      destination,
      partition,
      receiver,
      index,
      wave: this.#wave,
      since: this.#clock.monotonic(),
      state: 'queued',
      uncertain: false,
    }
    this.#wave.open++
    this.#room.take(entry.bytes)
    this.#sender.send(entry)
    return entry
  }
}

/** An upper bound of what the headers take: at most three bytes of UTF-8 a unit of text. */
function headersBound(headers: EncodedEvent['headers']): number {
  return headers.reduce((sum, [name, value]) => sum + 3 * (name.length + value.length), 0)
}

function recordOf(
  { key, value, headers, timestamp }: EncodedEvent,
  { topic, partition }: { topic: string; partition: number },
  dedupe: AppendRecord['dedupe'],
): AppendRecord {
  return dedupe
    ? { topic, partition, key, value, headers, timestamp, dedupe }
    : { topic, partition, key, value, headers, timestamp }
}

/** Tells whether a repeated id comes with the same content. */
function digestOf(type: string, { key, value }: EncodedEvent): number {
  return crc32(value, crc32(key, crc32(type)))
}
