/**
 * Kafka clusters on this machine, for development and tests: real brokers, started from Maven's jars or in Docker.
 * @module
 */
export { ask, findKeeper } from './ask.ts'
export { KafkaCluster, type ClusterOptions } from './cluster.ts'
export { ClusterControl } from './control.ts'
export { jarsDirectory, type ClusterKind, type Environment } from './distribution.ts'
export {
  ClusterAlreadyUp,
  ClusterDiffers,
  ClusterDownloadFailed,
  ClusterNodeFailed,
  ClusterNotUp,
  ClusterPortTaken,
  ClusterToolMissing,
} from './errors.ts'
export type { ClusterNode, ClusterPlan } from './plan.ts'
export { freePorts } from './ports.ts'
export type { Properties } from './settings.ts'
export type { KeeperStatus, Question } from './questions.ts'
export { clusterDirectory, removeCluster, startCluster, type StartOptions } from './start.ts'
export type { BrokerStatus, Cluster, ClusterStatus, NodeState } from './status.ts'
export { missingTool } from './tools.ts'
