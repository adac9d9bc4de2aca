/**
 * One open log on a Kafka cluster: puts together the appender, the reads, the members and the administration.
 * @module
 */
import type { Clock } from '../../clock.ts'
import {
  LogClosed,
  LogUnavailable,
  OffsetOutOfRange,
  type AppendOutcome,
  type AppendRecord,
  type ConsumeOptions,
  type Consumer,
  type EarlyOutcomes,
  type FetchedBatch,
  type Log,
  type OpenOptions,
  type ReadRequest,
  type TogetherReader,
  type TransportFeatures,
} from '../index.ts'
import { KafkaAdmin } from './admin.ts'
import { Appender } from './appender.ts'
import { loadClient, type Client } from './client.ts'
import { Cluster } from './cluster.ts'
import { KafkaConsumer } from './consumer.ts'
import { Fetcher } from './fetcher.ts'
import { noInstance, type InstanceIds } from './instance-ids.ts'
import type { CompiledOptions } from './options.ts'
import { Reads } from './reads.ts'
import { ThreadLink } from './thread-link.ts'
import { checkVersions } from './versions.ts'

/** What all logs of one transport have in common. */
export interface KafkaLogStart {
  readonly options: CompiledOptions
  readonly features: TransportFeatures
  readonly instanceIds: InstanceIds
}

export class KafkaLog implements Log {
  readonly features: TransportFeatures
  readonly admin: KafkaAdmin
  readonly #options: CompiledOptions
  readonly #clock: Clock
  readonly #clientId: string
  readonly #instanceIds: InstanceIds
  readonly #cluster: Cluster
  readonly #appender: Appender
  readonly #reads: Reads
  readonly #consumers = new Map<number, KafkaConsumer>()
  readonly #fetchers = new Set<Fetcher>()
  /** Started by the first member. */
  #thread: ThreadLink | undefined
  #lastConsumer = 0
  #ended: Error | undefined
  #closing: Promise<void> | undefined

  private constructor(client: Client, start: KafkaLogStart, how: OpenOptions) {
    const { options, features, instanceIds } = start
    this.#options = options
    this.features = features
    this.#instanceIds = instanceIds
    this.#clock = how.clock
    this.#clientId = options.clientId ?? how.clientId
    this.#cluster = new Cluster(client, options, how.clock, this.#clientId)
    this.admin = new KafkaAdmin(this.#cluster, () => this.#check())
    this.#appender = new Appender(this.#cluster, (topic) => this.admin.maxBatchBytes(topic))
    this.#reads = new Reads(this.#cluster, () => this.#checkEnded())
  }

  /** @throws LogUnavailable, LogUnwritable, LogVersionMismatch */
  static async open(start: KafkaLogStart, how: OpenOptions): Promise<KafkaLog> {
    const log = new KafkaLog(await loadClient(), start, how)
    try {
      await checkVersions(log.#cluster)
      await log.#cluster.refresh([])
    } catch (error) {
      await log.#cluster.close()
      throw error
    }
    return log
  }

  append(records: readonly AppendRecord[], early?: EarlyOutcomes): Promise<readonly AppendOutcome[]> {
    try {
      this.#check()
      return this.#appender.append(records, early)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    this.#check()
    const instance = options.transient === true ? noInstance : this.#instanceIds.take(options.group)
    const number = ++this.#lastConsumer
    const thread = this.#startThread()
    const fetcher = new Fetcher(this.#cluster, () => this.#checkEnded())
    this.#fetchers.add(fetcher)
    const consumer = new KafkaConsumer(
      number,
      {
        fetcher,
        clock: this.#clock,
        rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs,
        instanceId: instance.id,
        maxRecordBytes: this.#options.maxRecordBytes,
        post: (message) => thread.post(message),
        ask: (question, transfer) =>
          this.#ended === undefined ? thread.ask(question, transfer) : Promise.reject(this.#ended),
        forget: () => {
          instance.free()
          this.#consumers.delete(number)
          this.#fetchers.delete(fetcher)
        },
      },
      options,
    )
    this.#consumers.set(number, consumer)
    consumer.join()
    return consumer
  }

  async read(from: ReadRequest): Promise<FetchedBatch> {
    this.#check()
    const { topic, partition, offset, maxBytes, maxWaitMs, signal } = from
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new OffsetOutOfRange(`Offset ${offset} of ${topic}/${partition} is no whole number from 0 on.`)
    }
    return this.#reads.read({ topic, partition, offset, maxBytes }, { maxWaitMs, signal })
  }

  readTogether(): TogetherReader {
    this.#check()
    const fetcher = new Fetcher(this.#cluster, () => this.#check())
    // Told when the log is closed; there are few of them, and they live as long as it does.
    this.#fetchers.add(fetcher)
    return { fetch: (wanted, options) => fetcher.fetch(wanted, options, () => true) }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    const closed = new LogClosed('The log is closed. Open it again to use it.')
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.close()))
    await this.#appender.close(closed)
    this.#ended = closed
    for (const fetcher of this.#fetchers) fetcher.wakeAll()
    this.#reads.wakeAll()
    await this.#thread?.close()
    this.#thread?.fail(closed)
    await this.#cluster.close()
  }

  #check(): void {
    this.#checkEnded()
    if (this.#closing !== undefined) throw new LogClosed('The log is being closed.')
  }

  #checkEnded(): void {
    if (this.#ended !== undefined) throw this.#ended
  }

  #startThread(): ThreadLink {
    this.#thread ??= new ThreadLink(
      { options: this.#options, clientId: this.#clientId, asks: [] },
      (push) => this.#consumers.get(push.consumer)?.take(push),
      (cause) => {
        this.#thread = undefined
        const error = new LogUnavailable('The member thread ended unexpectedly. Open the log again.', { cause })
        for (const consumer of this.#consumers.values()) consumer.broken(error)
      },
    )
    return this.#thread
  }
}
