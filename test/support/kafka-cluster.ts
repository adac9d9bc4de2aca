/**
 * Real Kafka clusters for tests: those of src/cluster, each in a temporary directory, on free ports.
 * @module
 */
import {
  freePorts,
  jarsDirectory,
  KafkaCluster as Cluster,
  missingTool,
  type ClusterKind,
  type ClusterOptions,
} from '../../src/cluster/index.ts'

export { freePorts, jarsDirectory }
export type KafkaCluster = Cluster

/** Why no cluster can be started here; undefined when one can. */
export async function missingKafka(kind: ClusterKind = 'kraft'): Promise<string | undefined> {
  return (await missingTool(kind, process.env))?.message
}

export const KafkaCluster = {
  /** Three brokers unless told otherwise. Whoever starts it stops it; it ends with this process in any case. */
  start(options: Omit<ClusterOptions, 'directory' | 'port'> = {}): Promise<Cluster> {
    return Cluster.start(options)
  },
}
