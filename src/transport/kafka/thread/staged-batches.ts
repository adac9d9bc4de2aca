/**
 * The records of a transaction in batches, and storing them at the leaders of their partitions.
 * @module
 */
import { LogUnavailable, type AppendRecord, type TopicPartition } from '../../index.ts'
import type { ProduceResponse } from '../answers.ts'
import { answerOf, errorOfCode, toTransportError } from '../broker-errors.ts'
import type { Connection } from '../client.ts'
import type { Broker, Cluster } from '../cluster.ts'
import { code } from '../error-codes.ts'
import { produce } from '../produce-request.ts'
import { recordBytes } from '../record-codec.ts'

/** A producer with transactions, and how many records of it each partition has: all are numbered. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
  readonly sequences: Map<string, number>
}

/** The broker takes no batch of this size. */
export class TooLarge extends Error {
  readonly topic: string
  readonly bytes: number

  constructor(topic: string, bytes: number) {
    super(`A batch of ${bytes} bytes is too large for ${topic}.`)
    this.topic = topic
    this.bytes = bytes
  }
}

interface StagedBatch extends TopicPartition {
  readonly records: AppendRecord[]
  bytes: number
}

/** Most bytes of one request, unless a single batch is larger. */
const maxRequestBytes = 8 * 1024 * 1024

export class StagedBatches {
  /** What it writes to. */
  readonly partitions: TopicPartition[] = []
  /** By partition, in order; emptied while they are stored. */
  readonly #queues = new Map<string, StagedBatch[]>()

  /** @param batchBytes about how much goes into one batch; 0: one record */
  constructor(records: readonly AppendRecord[], batchBytes: number) {
    for (const record of records) {
      const { topic, partition } = record
      const bytes = recordBytes(record)
      const queue = this.#queues.get(keyOf(record))
      const last = queue?.at(-1)
      if (last !== undefined && last.bytes + bytes <= batchBytes) {
        last.records.push(record)
        last.bytes += bytes
        continue
      }
      const batch = { topic, partition, records: [record], bytes }
      if (queue !== undefined) queue.push(batch)
      else {
        this.#queues.set(keyOf(record), [batch])
        this.partitions.push({ topic, partition })
      }
    }
  }

  get queues(): StagedBatch[][] {
    return [...this.#queues.values()]
  }
}

/**
 * Stores all batches; several requests to different leaders at once, one at a time to each.
 * @throws TooLarge, LogUnavailable, LogUnwritable, TopicUnknown
 */
export async function storeBatches(
  cluster: Cluster,
  transactionalId: string,
  identity: ProducerIdentity,
  staged: StagedBatches,
): Promise<void> {
  const byLeader = Map.groupBy(staged.queues, ([first]) => {
    const leader = cluster.leaderOf(first!.topic, first!.partition)
    if (leader !== undefined) return leader
    throw new LogUnavailable(`${keyOf(first!)} has no leader at the moment.`)
  })
  await Promise.all(
    [...byLeader].map(async ([leader, queues]) => {
      for (;;) {
        const batches = takeSome(queues)
        if (batches.length === 0) return
        await storeSome(cluster, leader, transactionalId, identity, batches)
      }
    }),
  )
}

/** The next batch of each partition, as many as go into one request. */
function takeSome(queues: readonly StagedBatch[][]): StagedBatch[] {
  const taken: StagedBatch[] = []
  let bytes = 0
  for (const queue of queues) {
    const batch = queue[0]
    if (batch === undefined || (taken.length > 0 && bytes + batch.bytes > maxRequestBytes)) continue
    bytes += batch.bytes
    taken.push(queue.shift()!)
  }
  return taken
}

async function storeSome(
  cluster: Cluster,
  leader: Broker,
  transactionalId: string,
  identity: ProducerIdentity,
  batches: readonly StagedBatch[],
): Promise<void> {
  const { client, connections, options } = cluster
  const { producerId, epoch, sequences } = identity
  const nextOf = (batch: StagedBatch): number => sequences.get(keyOf(batch)) ?? 0
  const numbered = batches.map((batch) => {
    return { ...batch, head: { producerId, epoch, sequence: nextOf(batch), isTransactional: true } }
  })
  let connection: Connection | undefined
  let answer: ProduceResponse
  try {
    connection = await connections.lease(leader)
    answer = await answerOf(
      produce(client, connection, numbered, { timeoutMs: options.requestTimeoutMs / 2, transactionalId }),
    )
    connections.giveBack(leader, connection)
  } catch (error) {
    if (connection !== undefined) connections.giveBack(leader, connection, true)
    throw toTransportError(error, `append through ${leader.host}:${leader.port}`)
  }
  for (const batch of batches) {
    check(answer, batch, cluster.user)
    sequences.set(keyOf(batch), (nextOf(batch) + batch.records.length) % 2 ** 31)
  }
}

/** @throws the batch's error */
function check(
  { responses }: ProduceResponse,
  { topic, partition, bytes }: StagedBatch,
  user: string | undefined,
): void {
  const parts = responses.find(({ name }) => name === topic)?.partitionResponses
  const errorCode = parts?.find(({ index }) => index === partition)?.errorCode
  if (errorCode === code.none) return
  const doing = `append to ${topic}/${partition}`
  if (errorCode === undefined) throw new LogUnavailable(`Could not ${doing}: the answer leaves it out.`)
  if (errorCode === code.messageTooLarge || errorCode === code.recordListTooLarge) throw new TooLarge(topic, bytes)
  // A leader that does not know the topic yet, or any more: the next attempt looks it up.
  throw errorOfCode(errorCode, doing, { needs: { user, topic: ['Write', topic] } })
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
