/**
 * One fetch request to one broker, on a connection of its own: it may be blocked there until records come.
 * @module
 */
import type { FetchedBatch, FetchRequest, LogRecord } from '../index.ts'
import type { Needs } from './access.ts'
import type { FetchedPartition } from './answers.ts'
import { answerOf } from './broker-errors.ts'
import type { Broker, Cluster } from './cluster.ts'
import { code, isStaleLeader } from './error-codes.ts'
import { errorOfCode } from './broker-errors.ts'
import { recordsOf } from './record-codec.ts'

/** What a broker says about one partition. */
export type Polled =
  | { readonly what: 'records'; readonly batch: FetchedBatch }
  | { readonly what: 'nothing'; readonly crowdedOut: boolean }
  /** The broker does not lead the partition, or not yet. */
  | { readonly what: 'stale'; readonly errorCode: number }
  /** The offset is not in the log. */
  | { readonly what: 'out-of-range' }
  /** A copy nearer to this client has it. */
  | { readonly what: 'elsewhere'; readonly nodeId: number }
  | { readonly what: 'failed'; readonly error: Error }

const committedOnly = 1
const noEpoch = -1

/** @returns answers in the order of `wants` */
export async function poll(
  cluster: Cluster,
  broker: Broker,
  wants: readonly FetchRequest[],
  maxWaitMs: number,
): Promise<readonly Polled[]> {
  const { client, connections, options } = cluster
  const connection = await connections.lease(broker)
  let failed = true
  try {
    const maxBytes = wants.reduce((bytes, want) => bytes + want.maxBytes, 0)
    const asked = client.fetchV12.api.async(
      connection,
      Math.max(0, Math.floor(maxWaitMs)),
      1,
      Math.min(maxBytes, 2 ** 31 - 1),
      committedOnly,
      0,
      noEpoch,
      topicsOf(wants),
      [],
      options.rack,
    )
    const { responses } = await answerOf(asked)
    failed = false
    return wants.map((want) => {
      const parts = responses.find(({ topicId }) => topicId === want.topic)?.partitions
      const part = parts?.find(({ partitionIndex }) => partitionIndex === want.partition)
      return part === undefined
        ? { what: 'stale', errorCode: code.unknownTopic }
        : polledOf(want, part, broker, cluster.user)
    })
  } finally {
    connections.giveBack(broker, connection, failed)
  }
}

function topicsOf(wants: readonly FetchRequest[]) {
  const topics = new Map<string, FetchRequest[]>()
  for (const want of wants) {
    const wanted = topics.get(want.topic)
    if (wanted === undefined) topics.set(want.topic, [want])
    else wanted.push(want)
  }
  // Version 12 still names topics; the client calls the field as later versions do.
  return [...topics].map(([topicId, wanted]) => ({
    topicId,
    partitions: wanted.map(({ partition, offset, maxBytes }) => ({
      partition,
      currentLeaderEpoch: noEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: noEpoch,
      partitionMaxBytes: maxBytes,
    })),
  }))
}

function polledOf(want: FetchRequest, part: FetchedPartition, broker: Broker, user: string | undefined): Polled {
  const { errorCode } = part
  if (errorCode === code.offsetOutOfRange) return { what: 'out-of-range' }
  if (isStaleLeader(errorCode)) return { what: 'stale', errorCode }
  const { topic, partition, offset } = want
  if (errorCode !== code.none) {
    const needs: Needs = { user, topic: ['Read', topic] }
    return { what: 'failed', error: errorOfCode(errorCode, `fetch from ${topic}/${partition}`, { topic, needs }) }
  }
  const { preferredReadReplica } = part
  if (preferredReadReplica >= 0 && preferredReadReplica !== broker.nodeId) {
    return { what: 'elsewhere', nodeId: preferredReadReplica }
  }
  const endOffset = Number(part.highWatermark)
  const { records, nextOffset } = recordsOf(part, offset)
  // Also where nothing is a record (marks and leftovers of transactions): who reads has to know how far it came.
  if (nextOffset > offset) return { what: 'records', batch: { topic, partition, records, nextOffset, endOffset } }
  // A broker gives at least one batch, but only of the first partition that has any: the others' may not have fitted.
  return { what: 'nothing', crowdedOut: offset < Number(part.lastStableOffset) }
}

/**
 * As many records of `batch` as `maxBytes` allows, at least one, and the rest. A broker hands out whole batches, as they were
 * appended.
 */
export function cut(batch: FetchedBatch, maxBytes: number): [taken: FetchedBatch, rest: FetchedBatch | undefined] {
  const { records } = batch
  let bytes = 0
  let count = 0
  while (count < records.length && (count === 0 || bytes + records[count]!.bytes <= maxBytes)) {
    bytes += records[count++]!.bytes
  }
  if (count === records.length) return [batch, undefined]
  const rest: readonly LogRecord[] = records.slice(count)
  return [
    { ...batch, records: records.slice(0, count), nextOffset: rest[0]!.offset },
    { ...batch, records: rest },
  ]
}
