/**
 * What a running cluster is, whatever runs its brokers, and what it tells of itself.
 * @module
 */
import type { ClusterKind } from './distribution.ts'
import type { ClusterPlan } from './plan.ts'

export type NodeState = 'running' | 'paused' | 'ended'

export interface BrokerStatus {
  readonly id: number
  /** `host:port` for clients. */
  readonly address: string
  readonly state: NodeState
  readonly controller: boolean
  /** Process id; null when it does not run, or in a container. */
  readonly pid: number | null
  /** Name of its container; null without Docker. */
  readonly container: string | null
}

export interface ClusterStatus {
  readonly kind: ClusterKind
  /** Kafka's version. */
  readonly version: string
  readonly runner: 'java' | 'docker'
  readonly directory: string
  /** Id of the broker that is the controller; null while there is none. */
  readonly controller: number | null
  readonly brokers: readonly BrokerStatus[]
  readonly zookeeper: { readonly address: string; readonly pid: number | null } | null
}

/** A cluster that this process started. */
export interface Cluster {
  readonly plan: ClusterPlan
  /** `host:port` of every broker. */
  readonly brokers: readonly string[]
  status(): Promise<ClusterStatus>
  /** Last lines of a broker's log. */
  lastLines(id: number, count: number): Promise<readonly string[]>
  /** kill -9. */
  kill(id: number): Promise<void>
  /** The broker keeps its connections, and answers nothing. */
  pause(id: number): Promise<void>
  resume(id: number): Promise<void>
  /** Asks a broker that runs to end first. Resolves when it answers. @throws ClusterNodeFailed */
  restart(id: number): Promise<void>
  /** Ends every broker. @param options.graceful in good order, for at most 20 s */
  stop(options?: { readonly graceful?: boolean }): Promise<void>
}
