/**
 * Apache Kafka as a log: a cluster of brokers, shared by any number of machines. Needs the package `@platformatic/kafka`.
 * @module
 */
import type { Transport, TransportFeatures } from '../index.ts'
import { InstanceIds } from './instance-ids.ts'
import { KafkaLog } from './log.ts'
import { maxMetadataBytes } from './metadata-text.ts'
import { compileOptions, type KafkaOptions } from './options.ts'

export type { KafkaCompression, KafkaOptions, KafkaSasl, KafkaTls } from './options.ts'

/**
 * A log on a Kafka cluster (Kafka 2.8 or newer). Opening is lazy: nothing is connected before `open()`.
 * @throws RangeError naming the option that is wrong
 * @example
 * const transport = kafka({ brokers: 'broker-1:9092,broker-2:9092' })
 */
export function kafka(options: KafkaOptions): Transport & { readonly name: 'kafka' } {
  const compiled = compileOptions(options)
  const features: TransportFeatures = {
    replay: true,
    // Kafka has none; the worker removes duplicates by id.
    dedupeWindowMs: 0,
    maxCommitMetadataBytes: maxMetadataBytes,
    maxRecordBytes: compiled.maxRecordBytes,
    multiProcess: true,
    administrable: true,
    transactions: true,
    appendsApart: true,
  }
  const start = { options: compiled, features, instanceIds: new InstanceIds(options.instanceId) }
  const protocol = compiled.tls === undefined ? 'kafka' : 'kafka-secure'
  const servers = compiled.brokers.map(({ host, port }) => ({
    host: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    protocol,
  }))
  return { name: 'kafka', features, servers, open: (how) => KafkaLog.open(start, how) }
}
