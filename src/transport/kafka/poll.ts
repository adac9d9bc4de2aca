/**
 * One fetch request to one broker, on a connection of its own: it may be blocked there until records come.
 * @module
 */
import type { FetchedBatch, FetchRequest, LogRecord } from '../index.ts'
import type { Needs } from './access.ts'
import { errorOfCode } from './broker-errors.ts'
import { crc32cOf, type Client } from './client.ts'
import type { Broker, Cluster } from './cluster.ts'
import { code, isStaleLeader } from './error-codes.ts'
import { fetchFrom, type FetchedPartition } from './fetch-request.ts'
import { recordsOf } from './record-batches.ts'

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
    const { errorCode, partitions } = await fetchFrom(client, connection, wants, {
      maxWaitMs,
      maxBytes,
      rack: options.rack,
    })
    failed = false
    if (errorCode !== code.none) throw errorOfCode(errorCode, `fetch from ${broker.host}:${broker.port}`)
    return wants.map((want) => {
      const part = partitions.get(want.topic)?.find(({ partitionIndex }) => partitionIndex === want.partition)
      return part === undefined
        ? { what: 'stale', errorCode: code.unknownTopic }
        : polledOf(cluster, broker, want, part)
    })
  } finally {
    connections.giveBack(broker, connection, failed)
  }
}

function polledOf(cluster: Cluster, broker: Broker, want: FetchRequest, part: FetchedPartition): Polled {
  const { errorCode } = part
  if (errorCode === code.offsetOutOfRange) return { what: 'out-of-range' }
  if (isStaleLeader(errorCode)) return { what: 'stale', errorCode }
  const { topic, partition } = want
  if (errorCode !== code.none) {
    const needs: Needs = { user: cluster.user, topic: ['Read', topic] }
    return { what: 'failed', error: errorOfCode(errorCode, `fetch from ${topic}/${partition}`, { topic, needs }) }
  }
  const { preferredReadReplica } = part
  if (preferredReadReplica >= 0 && preferredReadReplica !== broker.nodeId) {
    return { what: 'elsewhere', nodeId: preferredReadReplica }
  }
  return readOf(cluster, want, part)
}

function readOf({ client, options }: Cluster, want: FetchRequest, part: FetchedPartition): Polled {
  const { topic, partition, offset } = want
  const crc = options.checkCrcs ? crc32cOf(client) : undefined
  const unpack = (codec: number, bytes: Buffer) => unpacked(client, codec, bytes)
  try {
    const reading = { topic, partition, from: offset, aborted: part.abortedTransactions, crc, unpack }
    const { records, nextOffset } = recordsOf(part.batches, reading)
    const endOffset = part.highWatermark
    // Also where nothing is a record (marks and leftovers of transactions): who reads has to know how far it came.
    if (nextOffset > offset) return { what: 'records', batch: { topic, partition, records, nextOffset, endOffset } }
    // A broker gives at least one batch, but only of the first partition that has any: the others' may not have fitted.
    return { what: 'nothing', crowdedOut: offset < part.lastStableOffset }
  } catch (error) {
    // Of this partition only: the others in the answer are well.
    return { what: 'failed', error: error as Error }
  }
}

function unpacked(client: Client, codec: number, bytes: Buffer): Buffer {
  const algorithm = client.compressionsAlgorithmsByBitmask[codec]
  if (algorithm === undefined) throw new RangeError(`the codec ${codec} is none that is known`)
  return algorithm.decompressSync(bytes)
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
