/**
 * The cluster that all Kafka scenarios of a run share, and the versions of what is compared on it.
 * @module
 */
import { execFile } from 'node:child_process'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { jarsDirectory, KafkaCluster, missingKafka } from '../../test/support/kafka-cluster.ts'
import { packageVersion } from '../machine.ts'
import { missingParallelConsumer, parallelConsumerVersion } from './sides/parallel-consumer.ts'

const run = promisify(execFile)

/** Brokers as in earnest: room for the requests of all clients, and both compilers. */
const brokerJvm = ['-Xms512m', '-Xmx1g', '-XX:TieredStopAtLevel=4']

export interface RunningKafka {
  readonly brokers: readonly string[]
  /** By name of the software. */
  readonly versions: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** A cluster of three brokers, or why there is none. */
export async function startKafka(): Promise<RunningKafka | string> {
  const missing = await missingKafka()
  if (missing !== undefined) return missing
  const cluster = await KafkaCluster.start({ jvm: brokerJvm })
  return { brokers: cluster.brokers, versions: await versions(), stop: () => cluster.stop() }
}

async function versions(): Promise<Record<string, string>> {
  const { stderr } = await run('java', ['-version'])
  const noRival = await missingParallelConsumer()
  return {
    Kafka: basename(jarsDirectory('kraft', process.env)).replace('kafka-', ''),
    Java: /version "([^"]+)"/.exec(stderr)?.[1] ?? 'unknown',
    kafkajs: packageVersion('kafkajs'),
    '@platformatic/kafka': packageVersion('@platformatic/kafka'),
    'Parallel Consumer': noRival === undefined ? parallelConsumerVersion : `none (${noRival})`,
  }
}
