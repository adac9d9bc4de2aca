/**
 * One open embedded log: a thin client on the main thread. Disk, locks and other processes are the log thread's,
 * reading is the reader thread's.
 * @module
 */
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import {
  LogClosed,
  LogUnavailable,
  OffsetOutOfRange,
  type AppendOutcome,
  type AppendRecord,
  type ConsumeOptions,
  type Consumer,
  type FetchedBatch,
  type Log,
  type OpenOptions,
  type ReadRequest,
  type TransportFeatures,
} from '../index.ts'
import { EmbeddedAdmin } from './admin.ts'
import { AppendCall, packTogether } from './append.ts'
import { EmbeddedConsumer } from './consumer.ts'
import { Fetcher } from './fetcher.ts'
import type { CompiledOptions } from './options.ts'
import type { Answer, Ask, EntryOutcome, Message, OperationName, ReadAnswer } from './protocol.ts'
import { ThreadLink } from './thread-link.ts'
import { fromWire } from './wire-errors.ts'

export class EmbeddedLog implements Log {
  readonly features: TransportFeatures
  readonly admin: EmbeddedAdmin
  readonly #options: CompiledOptions
  readonly #clock: Clock
  readonly #writer: ThreadLink<Message>
  readonly #fetcher: Fetcher
  readonly #consumers = new Map<number, EmbeddedConsumer>()
  #reader: ThreadLink<ReadAnswer> | undefined
  #lastConsumer = 0
  /** Why nothing can be asked any more. */
  #ended: Error | undefined
  #closing: Promise<void> | undefined

  private constructor(options: CompiledOptions, features: TransportFeatures, { clock, clientId }: OpenOptions) {
    this.#options = options
    this.features = features
    this.#clock = clock
    const died = (cause: Error): void =>
      this.#break(new LogUnavailable('The log thread ended unexpectedly. Open the log again.', { cause }))
    this.#writer = new ThreadLink('log-thread', { options, clientId }, (message) => this.#take(message), died)
    this.admin = new EmbeddedAdmin((op, ask) => this.#ask(op, ask))
    this.#fetcher = new Fetcher(
      {
        reader: () => this.#startReader(),
        watch: (topics) => this.#ask('watch', { topics }),
        tail: (place, on) => void this.#ask('tail', { ...place, on }).catch(() => {}),
        check: () => this.#check(),
      },
      clock,
    )
  }

  /** @throws LogUnavailable, LogUnwritable, LogCorrupted, LogVersionMismatch */
  static async open(options: CompiledOptions, features: TransportFeatures, how: OpenOptions): Promise<EmbeddedLog> {
    const log = new EmbeddedLog(options, features, how)
    // Answered as soon as the thread has found its role.
    await log.#ask('beat', {})
    return log
  }

  append(records: readonly AppendRecord[]): Promise<readonly AppendOutcome[]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    let call: AppendCall
    try {
      call = new AppendCall(records, this.#options.maxRecordBytes)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const { entries, transfer } = call
    if (entries.length === 0) return Promise.resolve(call.outcomes([]))
    return this.#writer
      .ask<readonly EntryOutcome[]>((id) => ({ id, op: 'append', ask: { entries } }), transfer)
      .then((answer) => call.outcomes(answer))
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    this.#check()
    const number = ++this.#lastConsumer
    const consumer = new EmbeddedConsumer(
      number,
      {
        fetcher: this.#fetcher,
        clock: this.#clock,
        rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs,
        maxMetadataBytes: this.features.maxCommitMetadataBytes,
        pack: (records) => packTogether(records, this.#options.maxRecordBytes),
        ask: (op, ask, transfer) => this.#ask(op, ask, transfer),
        forget: () => void this.#consumers.delete(number),
      },
      options,
    )
    this.#consumers.set(number, consumer)
    this.#startReader()
    consumer.join()
    return consumer
  }

  async read(from: ReadRequest): Promise<FetchedBatch> {
    this.#check()
    const { topic, partition, offset, maxBytes, maxWaitMs, signal } = from
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new OffsetOutOfRange(`Offset ${offset} of ${topic}/${partition} is no whole number from 0 on.`)
    }
    return this.#fetcher.read({ topic, partition, offset, maxBytes }, { maxWaitMs, signal })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    const closed = new LogClosed('The log is closed. Open it again to use it.')
    if (this.#ended === undefined) {
      await Promise.all([...this.#consumers.values()].map((consumer) => consumer.close()))
    }
    if (this.#ended === undefined) {
      // First, or a read that looks for more just now would ask a thread that is ending.
      this.#ended = closed
      await this.#writer.ask((id) => ({ id, op: 'close', ask: {} })).catch(() => {})
    }
    this.#ended = closed
    this.#writer.fail(closed)
    this.#reader?.fail(closed)
    this.#fetcher.wakeAll()
    this.#reader?.post('close')
    await Promise.all([this.#writer.ended(), this.#reader?.ended()])
  }

  #ask<Name extends OperationName>(op: Name, ask: Ask<Name>, transfer?: ArrayBuffer[]): Promise<Answer<Name>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return this.#writer.ask((id) => ({ id, op, ask }), transfer)
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended
    if (this.#closing !== undefined) throw new LogClosed('The log is being closed.')
  }

  #take(message: Message): void {
    if ('id' in message) {
      if ('error' in message) this.#writer.reject(message, fromWire(message.error))
      else this.#writer.resolve(message, message.answer)
      return
    }
    switch (message.push) {
      case 'broken':
        return this.#break(fromWire(message.error))
      case 'ends':
        return this.#fetcher.took(message.ends)
      case 'reset':
        this.#fetcher.reset()
        for (const consumer of this.#consumers.values()) consumer.reset()
        return
      default:
        this.#consumers.get(message.consumer)?.take(message)
    }
  }

  /** Nothing works any more: everything pending and everything to come rejects with `error`. */
  #break(error: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#writer.fail(error)
    this.#reader?.fail(error)
    this.#fetcher.wakeAll()
    this.#writer.post({ id: 0, op: 'close', ask: {} })
    this.#reader?.post('close')
    for (const consumer of this.#consumers.values()) consumer.failed(error)
  }

  #startReader(): ThreadLink<ReadAnswer> {
    this.#reader ??= new ThreadLink<ReadAnswer>(
      'reader-thread',
      { file: join(this.#options.directory, 'log.db') },
      (answer) => this.#reader!.resolve(answer, answer),
      (cause) => {
        this.#reader!.fail(new LogUnavailable('The reader thread ended unexpectedly. Try again.', { cause }))
        this.#reader = undefined
      },
    )
    return this.#reader
  }
}
