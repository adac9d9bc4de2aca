/**
 * Membership in a group of a simulated cluster, seen from the client: what it believes to hold may be out of date.
 * @module
 */
import {
  LogUnavailable,
  MetadataTooLarge,
  type AppendRecord,
  type CommitPosition,
  type Consumer,
  type ConsumeOptions,
  type FetchedBatch,
  type FetchRequest,
  type TopicPartition,
} from '../../src/transport/index.ts'
import { Wire, type Reply, type SimulatedClient } from './simulated-client.ts'
import type { GroupMember, Holding, SimulatedGroup } from './simulated-group.ts'

const nameOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`
const defaultSessionTimeoutMs = 10_000

export class SimulatedConsumer implements Consumer, GroupMember {
  readonly client: string
  readonly topics: readonly string[]
  readonly startAt: 'earliest' | 'latest'
  readonly #client: SimulatedClient
  readonly #group: SimulatedGroup
  readonly #options: ConsumeOptions
  /** As this client believes. */
  readonly #held = new Map<string, Holding>()
  readonly #notices: Wire
  readonly #commits: Wire
  /** Answers waiting for records, told when what they wait for is taken away. */
  readonly #waiting = new Set<() => void>()
  /** What is being given back, by request or because this member leaves. */
  readonly #returning = new Map<Holding, Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(client: SimulatedClient, options: ConsumeOptions) {
    this.#client = client
    this.#options = options
    this.client = client.id
    this.topics = options.topics
    this.startAt = options.startAt ?? 'earliest'
    this.#group = client.cluster.group(options.group)
    this.#notices = new Wire(client.cluster)
    this.#commits = new Wire(client.cluster)
    client.onCrash(() => this.#crashed())
    this.#join()
  }

  get group(): string {
    return this.#options.group
  }

  fetch(
    wanted: readonly FetchRequest[],
    options: { maxWaitMs: number; signal?: AbortSignal },
  ): Promise<readonly FetchedBatch[]> {
    return this.#client.call<readonly FetchedBatch[]>((reply) => {
      const { latency, faults } = this.#client.cluster
      const found = wanted.map((request) => faults.fetch?.(request, this.client))
      if (found.some((fault) => fault?.silent)) return
      const delayMs = found.reduce((sum, fault) => sum + (fault?.delayMs ?? 0), latency())
      this.#client.later(delayMs, () => {
        if (found.some((fault) => fault?.unavailable)) reply.reject(unavailable('fetch'))
        else this.#answer(wanted, options.maxWaitMs, found, reply)
      })
    }, options.signal)
  }

  #answer(
    wanted: readonly FetchRequest[],
    maxWaitMs: number,
    faults: readonly ({ repeat?: number; maxRecords?: number } | undefined)[],
    reply: Reply<readonly FetchedBatch[]>,
  ): void {
    const { cluster } = this.#client
    const deadline = cluster.clock.monotonic() + maxWaitMs
    let undo: (() => void)[] = []
    const look = (): void => {
      for (const each of undo) each()
      undo = []
      if (!reply.open) return
      const mine = wanted.filter((request) => this.#held.has(nameOf(request)) && cluster.topics.has(request.topic))
      const batches = mine.flatMap((request) => this.#batch(request, faults[wanted.indexOf(request)]))
      const leftMs = deadline - cluster.clock.monotonic()
      if (batches.length > 0 || leftMs <= 0 || mine.length === 0) return reply.resolve(batches)
      undo = mine.map((request) => cluster.partition(request.topic, request.partition).onAppend(look))
      const timer = cluster.clock.setTimer(leftMs, look, { unref: true })
      this.#waiting.add(look)
      undo.push(
        () => timer.cancel(),
        () => this.#waiting.delete(look),
      )
    }
    look()
  }

  #batch(request: FetchRequest, fault: { repeat?: number; maxRecords?: number } = {}): FetchedBatch[] {
    const { topic, partition } = request
    const stored = this.#client.cluster.partition(topic, partition)
    if (stored.end <= request.offset) return []
    const from = Math.max(stored.earliest, request.offset - (fault.repeat ?? 0))
    const repeated = Math.max(0, request.offset - from)
    const records = stored.from(from, request.maxBytes, fault.maxRecords && fault.maxRecords + repeated)
    // What is delivered again never pushes out what was asked for.
    const news = records.some((record) => record.offset >= request.offset)
    const taken = news ? records : stored.from(request.offset, request.maxBytes)
    return [{ topic, partition, records: taken, nextOffset: taken.at(-1)!.offset + 1, endOffset: stored.end }]
  }

  commit(positions: readonly CommitPosition[], staged: readonly AppendRecord[] = []): Promise<void> {
    return this.#client.call<void>((reply) => {
      const { cluster } = this.#client
      const limit = cluster.features.maxCommitMetadataBytes
      const tooLarge = positions.find((position) => position.metadata.length > limit)
      if (tooLarge) {
        return reply.reject(
          new MetadataTooLarge(
            `The metadata of ${nameOf(tooLarge)} has ${tooLarge.metadata.length} bytes, above ${limit}.`,
          ),
        )
      }
      const drawn = cluster.faults.commit?.(positions, this.client)
      // With records the outcome is found out, which takes longer.
      const fault = staged.length > 0 && drawn === 'unknown' ? { delayMs: 200 } : drawn
      const holdings = positions.map((position) => ({ ...position, holding: this.#held.get(nameOf(position)) }))
      const delayMs = typeof fault === 'object' ? fault.delayMs : 0
      this.#commits.send(cluster.latency() + delayMs, () => {
        if (this.#client.state === 'crashed') return
        try {
          if (fault !== 'refused') this.#group.commit(this, holdings, staged)
          const error = fault === 'refused' || fault === 'unknown' ? unavailable('commit') : undefined
          this.#client.later(cluster.latency(), () => (error ? reply.reject(error) : reply.resolve()))
        } catch (error) {
          this.#client.later(cluster.latency(), () => {
            reply.reject(error as Error)
            this.#forget(holdings.flatMap(({ holding }) => (holding && !this.#group.holds(holding) ? holding : [])))
          })
        }
      })
    })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#leave())
  }

  async #leave(): Promise<void> {
    const returned = this.#return([...this.#held.values()])
    await this.#client.call<void>((reply) => {
      const { clock, rebalanceTimeoutMs } = this.#client.cluster
      const timer = clock.setTimer(rebalanceTimeoutMs, () => reply.resolve(), { unref: true })
      const gone = (): void => {
        timer.cancel()
        this.#client.later(this.#client.cluster.latency(), () => reply.resolve())
      }
      void returned.then(gone)
    })
    this.#held.clear()
    this.#wake()
    this.#group.leave(this)
  }

  give(holdings: readonly Holding[]): void {
    this.#notice(() => {
      if (this.#closing) return
      for (const holding of holdings) this.#held.set(nameOf(holding), holding)
      this.#options.listener.assigned(
        holdings.map(({ topic, partition, committedOffset, metadata }) => ({
          topic,
          partition,
          committedOffset,
          metadata,
        })),
      )
    })
  }

  takeBack(holdings: readonly Holding[], returned: () => void): void {
    this.#notice(() => {
      const still = holdings.filter((holding) => this.#held.get(nameOf(holding)) === holding)
      void this.#return(still).then(() => this.#client.later(this.#client.cluster.latency(), returned))
    })
  }

  expelled(noticeAfterMs: number): void {
    this.#notices.send(noticeAfterMs, () => {
      if (this.#client.state !== 'open') return
      this.#forget([...this.#held.values()])
      this.#join()
    })
  }

  /** Loses its session, as after a long pause of its machine. It goes on until it learns of it `noticeAfterMs` later. */
  loseSession(noticeAfterMs: number): void {
    this.#group.expire(this, 'expired', noticeAfterMs)
  }

  #join(): void {
    if (this.#closing || this.#client.state !== 'open' || this.#group.members.has(this)) return
    this.#client.later(this.#client.cluster.latency(), () => {
      if (!this.#closing && this.#client.state === 'open') this.#group.join(this)
    })
  }

  /** Tells the listener of those not being returned yet; resolves when all of them are let go. */
  async #return(holdings: readonly Holding[]): Promise<void> {
    const fresh = holdings.filter((holding) => !this.#returning.has(holding))
    const letGo = this.#revoke(fresh)
    for (const holding of fresh) this.#returning.set(holding, letGo)
    await Promise.all(holdings.map((holding) => this.#returning.get(holding)))
    for (const holding of fresh) this.#returning.delete(holding)
  }

  async #revoke(holdings: readonly Holding[]): Promise<void> {
    if (holdings.length === 0) return
    try {
      await this.#options.listener.revoked(holdings.map(({ topic, partition }) => ({ topic, partition })))
    } catch (error) {
      this.#options.listener.failed(error as Error)
    }
    for (const holding of holdings) {
      if (this.#held.get(nameOf(holding)) === holding) this.#held.delete(nameOf(holding))
    }
    this.#wake()
  }

  /** Gone already: the listener is told once for each. */
  #forget(holdings: readonly Holding[]): void {
    const gone = holdings.filter((holding) => this.#held.get(nameOf(holding)) === holding)
    if (gone.length === 0) return
    for (const holding of gone) this.#held.delete(nameOf(holding))
    this.#wake()
    this.#options.listener.lost(gone.map(({ topic, partition }) => ({ topic, partition })))
  }

  #notice(tell: () => void): void {
    this.#notices.send(this.#client.cluster.latency(), () => {
      if (this.#client.state !== 'crashed') tell()
    })
  }

  #wake(): void {
    // A copy: who goes on waiting adds itself again.
    const waiting = [...this.#waiting]
    for (const look of waiting) look()
  }

  #crashed(): void {
    this.#wake()
    const { clock } = this.#client.cluster
    const timeoutMs = this.#options.sessionTimeoutMs ?? defaultSessionTimeoutMs
    clock.setTimer(timeoutMs, () => this.#group.expire(this, 'expired'), { unref: true })
  }
}

export function unavailable(doing: string): LogUnavailable {
  return new LogUnavailable(`The simulated log is not reachable (${doing}).`)
}
