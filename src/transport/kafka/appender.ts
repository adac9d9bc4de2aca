/**
 * Sends what is appended: one request on its way to each broker, holding the first batch of every partition it leads. So records of a
 * partition stay in order, also when a request is repeated or the leader changes: the batch that failed stays first.
 *
 * The producer is idempotent: a batch that was stored, but whose answer was lost, is recognised by its number when it comes again.
 * @module
 */
import {
  LogUnavailable,
  NotAuthorized,
  type AppendOutcome,
  type AppendRecord,
  type EarlyOutcomes,
  type LogClosed,
} from '../index.ts'
import type { ProducePartition, ProduceResponse } from './answers.ts'
import { entriesOf, PartitionQueue, type Batch, type Identity } from './append.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode, toTransportError } from './broker-errors.ts'
import type { Connection } from './client.ts'
import type { Broker, Cluster } from './cluster.ts'
import { code } from './error-codes.ts'
import { lookMs, watchLeaders } from './leader-watch.ts'
import { produce } from './produce-request.ts'
import { judgeProduced, tooLarge } from './produced.ts'

/** Most bytes of one request, unless a single batch is larger. */
const maxRequestBytes = 8 * 1024 * 1024
/** What is on its way when the log is closed gets this long. */
const flushMs = 5_000

export class Appender {
  readonly #cluster: Cluster
  readonly #limitOf: (topic: string) => Promise<number>
  readonly #queues = new Map<string, PartitionQueue>()
  readonly #ready = new Set<PartitionQueue>()
  readonly #busyBrokers = new Set<number>()
  #identity: Promise<Identity> | undefined
  #isPumping = false
  #closed: Error | undefined
  #emptied: (() => void) | undefined

  /** @param limitOf the largest record a topic takes */
  constructor(cluster: Cluster, limitOf: (topic: string) => Promise<number>) {
    this.#cluster = cluster
    this.#limitOf = limitOf
  }

  append(records: readonly AppendRecord[], early?: EarlyOutcomes): Promise<readonly AppendOutcome[]> {
    const { maxRecordBytes, batchBytes, deliveryTimeoutMs } = this.#cluster.options
    const [call, entries] = entriesOf(records, maxRecordBytes, early)
    const deadline = this.#cluster.clock.monotonic() + deliveryTimeoutMs
    for (const entry of entries) {
      const queue = this.#queueOf(entry.record.topic, entry.record.partition)
      queue.add(entry, batchBytes, deadline)
      if (!queue.busy) this.#ready.add(queue)
    }
    this.#pump()
    return call.outcomes
  }

  /** Waits for what is on its way, then refuses everything else. */
  async close(closed: LogClosed): Promise<void> {
    if ([...this.#queues.values()].some(({ batches }) => batches.length > 0)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#emptied = resolve
      const timer = this.#cluster.clock.setTimer(flushMs, resolve)
      await promise
      timer.cancel()
    }
    this.#closed = closed
    for (const queue of this.#queues.values()) for (const batch of queue.batches.splice(0)) batch.unknown(closed)
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const key = `${topic}:${partition}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      this.#queues.set(key, queue)
    }
    return queue
  }

  /** Sends in the next microtask, so that appends of one moment go together. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    queueMicrotask(() => {
      this.#isPumping = false
      this.#send()
    })
  }

  #send(): void {
    const byBroker = new Map<Broker, PartitionQueue[]>()
    for (const queue of this.#ready) {
      const leader = this.#cluster.leaderOf(queue.topic, queue.partition)
      if (leader === undefined) {
        this.#ready.delete(queue)
        void this.#findLeader(queue)
      } else if (!this.#busyBrokers.has(leader.nodeId)) {
        const queues = byBroker.get(leader)
        if (queues === undefined) byBroker.set(leader, [queue])
        else queues.push(queue)
      }
    }
    for (const [broker, queues] of byBroker) void this.#sendTo(broker, queues)
  }

  async #sendTo(broker: Broker, queues: readonly PartitionQueue[]): Promise<void> {
    this.#busyBrokers.add(broker.nodeId)
    let taken: readonly PartitionQueue[] = []
    try {
      const identity = await (this.#identity ??= this.#initialize())
      taken = this.#take(queues, identity)
      if (taken.length > 0) await this.#request(broker, taken)
    } catch (error) {
      this.#identity = undefined
      // No identity: nothing was sent.
      for (const queue of queues) {
        if (error instanceof NotAuthorized) this.#failAll(queue, this.#notWritable(queue, error), false)
        else this.#retry(queue, toTransportError(error, 'append'), false)
      }
    } finally {
      this.#busyBrokers.delete(broker.nodeId)
      this.#pump()
    }
  }

  /** Queues for one request, their first batches numbered. All are of one identity, since a request has one. */
  #take(queues: readonly PartitionQueue[], identity: Identity): PartitionQueue[] {
    const taken: PartitionQueue[] = []
    let bytes = 0
    let first: Identity | undefined
    for (const queue of queues) {
      const batch = queue.batches[0]
      if (queue.busy || batch === undefined) continue
      const own = batch.sent?.identity ?? identity
      first ??= own
      if (own !== first || (taken.length > 0 && bytes + batch.bytes > maxRequestBytes)) continue
      queue.number(identity)
      queue.busy = true
      this.#ready.delete(queue)
      bytes += batch.bytes
      taken.push(queue)
    }
    return taken
  }

  async #request(broker: Broker, queues: readonly PartitionQueue[]): Promise<void> {
    const { connections } = this.#cluster
    let connection: Connection | undefined
    /** Those whose batch is nowhere else on its way. */
    const waiting = new Set(queues)
    const over = new AbortController()
    try {
      connection = await connections.lease(broker)
      const deserted = this.#deserted(broker, waiting, over.signal)
      const answer = await Promise.race([this.#produce(connection, queues), deserted])
      connections.giveBack(broker, connection, answer === undefined)
      if (answer === undefined) return
      for (const queue of waiting) this.#answered(queue, partOf(answer, queue))
    } catch (error) {
      if (connection !== undefined) connections.giveBack(broker, connection, true)
      const reason = toTransportError(error, `append through ${broker.host}:${broker.port}`)
      for (const queue of waiting) this.#retry(queue, reason, connection !== undefined)
    } finally {
      over.abort()
    }
  }

  /**
   * Resolves when no partition of a request waits for its answer any more, because all have other leaders. Their batches go to those with
   * the same numbers, so that a leader that has one already knows it again; and the old one, should it go on with what it was sent, can
   * store nothing without the others. Its answer is for nobody.
   */
  #deserted(broker: Broker, waiting: Set<PartitionQueue>, signal: AbortSignal): Promise<undefined> {
    return new Promise((resolve) => {
      void watchLeaders(this.#cluster, broker, [...waiting], { afterMs: lookMs, signal }, (moved) => {
        for (const queue of moved) {
          waiting.delete(queue)
          const batch = queue.batches[0]
          if (batch !== undefined) batch.uncertain = true
          this.#next(queue)
        }
        if (waiting.size === 0) resolve(undefined)
      })
    })
  }

  async #produce(connection: Connection, queues: readonly PartitionQueue[]): Promise<ProduceResponse> {
    const { client, options } = this.#cluster
    const { compression } = options
    const packing = compression === 'none' ? undefined : client.compressionsAlgorithms[compression]
    const batches = queues.map(({ topic, partition, batches: [first] }) => {
      const { entries, bytes, sent } = first!
      const { identity, sequence } = sent!
      const records = entries.map(({ record }) => record)
      return { topic, partition, records, bytes, head: { ...identity, sequence, packing } }
    })
    return answerOf(produce(client, connection, batches, { timeoutMs: options.requestTimeoutMs / 2 }))
  }

  #answered(queue: PartitionQueue, answer: ProducePartition | undefined): void {
    const batch = queue.batches[0]
    if (batch === undefined) return
    const verdict = judgeProduced(answer, batch, queue, this.#cluster.user)
    switch (verdict.what) {
      case 'stored':
        queue.shift().stored(verdict.offset)
        return this.#next(queue)
      case 'refused':
        queue.batches.shift()!.refused(verdict.error)
        return this.#next(queue)
      case 'too-large':
        return void this.#tooLarge(queue, batch)
      case 'renumber':
        // Nothing of it is stored: it may go again under another identity.
        batch.sent = undefined
        this.#bump()
        return this.#retry(queue, verdict.error, false)
      case 'unknown':
        return this.#failAll(queue, verdict.error, true)
      case 'retry':
        return this.#retry(queue, verdict.error, verdict.uncertain)
    }
  }

  async #tooLarge(queue: PartitionQueue, batch: Batch): Promise<void> {
    if (batch.entries.length > 1) queue.split()
    else {
      const limit = await this.#limitOf(queue.topic).catch(() => this.#cluster.options.maxRecordBytes)
      if (queue.batches[0] === batch) queue.batches.shift()!.refused(tooLarge(batch.bytes, limit, queue.topic))
    }
    this.#next(queue)
  }

  /** Tries the first batch again after a pause, or gives up when its time is over. */
  #retry(queue: PartitionQueue, reason: Error, uncertain: boolean): void {
    const batch = queue.batches[0]
    if (batch === undefined) return this.#next(queue)
    batch.lastError = reason
    batch.uncertain ||= uncertain
    queue.busy = true
    this.#ready.delete(queue)
    const { clock, options } = this.#cluster
    if (clock.monotonic() >= batch.deadline) return this.#failAll(queue, reason, batch.uncertain)
    clock.setTimer(options.retryBackoffMs, () => void this.#findLeader(queue))
  }

  async #findLeader(queue: PartitionQueue): Promise<void> {
    queue.busy = true
    const batch = queue.batches[0]
    if (batch === undefined) return this.#next(queue)
    try {
      // Asked again when something went wrong: the leader may have changed.
      if (batch.lastError !== undefined) await this.#cluster.refresh([queue.topic])
      await this.#cluster.known(queue.topic, queue.partition)
      if (this.#cluster.leaderOf(queue.topic, queue.partition) !== undefined) return this.#next(queue)
      this.#retry(queue, new LogUnavailable(`${queue.topic}/${queue.partition} has no leader at the moment.`), false)
    } catch (error) {
      const reason = toTransportError(error, `find the leader of ${queue.topic}/${queue.partition}`)
      if ('retryable' in reason && reason.retryable === true) this.#retry(queue, reason, false)
      else this.#failAll(queue, reason, batch.uncertain)
    }
  }

  /**
   * Gives up on the first batch and on everything behind it: were a later record stored and the first tried again, they would
   * change places.
   */
  #failAll(queue: PartitionQueue, reason: Error, uncertain: boolean): void {
    const [first, ...rest] = queue.batches.splice(0)
    if (uncertain) {
      // Whatever of it is still on its way must not come behind later ones: the broker refuses the old epoch.
      this.#bump()
      first?.unknown(reason)
    } else first?.refused(reason)
    for (const batch of rest) batch.refused(reason)
    this.#next(queue)
  }

  #next(queue: PartitionQueue): void {
    queue.busy = false
    if (queue.batches.length > 0 && this.#closed === undefined) {
      this.#ready.add(queue)
      return this.#pump()
    }
    this.#ready.delete(queue)
    if (this.#emptied !== undefined && [...this.#queues.values()].every(({ batches }) => batches.length === 0)) {
      this.#emptied()
    }
  }

  /** From now on batches are numbered under a higher epoch. */
  #bump(): void {
    this.#identity = this.#identity?.then((now) => {
      return now.epoch < 32_000 ? { producerId: now.producerId, epoch: now.epoch + 1 } : this.#initialize()
    })
  }

  /** A broker numbers a producer when it may write to any topic: without an identity this client may write to none. */
  #notWritable({ topic, partition }: PartitionQueue, cause: NotAuthorized): Error {
    const needs: Needs = { user: this.#cluster.user, topic: ['Write', topic] }
    return errorOfCode(code.topicNotAuthorized, `append to ${topic}/${partition}`, { needs, cause })
  }

  async #initialize(): Promise<Identity> {
    const { client } = this.#cluster
    const answer = await this.#cluster.askAny(
      'begin to append',
      (connection) => client.initProducerIdV4.api.async(connection, null, 60_000, -1n, -1),
      { cluster: ['IdempotentWrite'] },
    )
    return { producerId: answer.producerId, epoch: answer.producerEpoch }
  }
}

function partOf({ responses }: ProduceResponse, { topic, partition }: PartitionQueue): ProducePartition | undefined {
  const parts = responses.find(({ name }) => name === topic)?.partitionResponses
  return parts?.find(({ index }) => index === partition)
}
