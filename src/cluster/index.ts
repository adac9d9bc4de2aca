/**
 * Kafka clusters on this machine, for development and tests: real brokers, started from Maven's jars.
 * @module
 */
export { KafkaCluster, type ClusterOptions, type NodeState } from './cluster.ts'
export { jarsDirectory, type ClusterKind, type Environment } from './distribution.ts'
export { ClusterDownloadFailed, ClusterNodeFailed, ClusterPortTaken, ClusterToolMissing } from './errors.ts'
export type { ClusterNode, ClusterPlan } from './plan.ts'
export { freePorts } from './ports.ts'
export type { Properties } from './settings.ts'
export { missingTool } from './tools.ts'
