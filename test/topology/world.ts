/**
 * A cluster as data, and what each step of a plan makes of it. For the pure part of planning only: what a real cluster makes of it is
 * in `apply.test.ts`.
 */
import type { Step } from '../../src/topology/change.ts'
import type { Abilities, Actual } from '../../src/topology/index.ts'
import { emptyLedger, type Ledger } from '../../src/topology/ledger.ts'
import type { ClusterState, TopicSpec, TopicState } from '../../src/transport/index.ts'

export const able: Abilities = {
  sets: ['retentionMs', 'retentionBytes', 'compaction', 'minInsyncReplicas', 'maxMessageBytes'],
  replicates: true,
  addsPartitions: true,
}

export function clusterOf(count: number, racks?: number): ClusterState {
  const brokers = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    rack: racks === undefined ? undefined : `rack-${index % racks}`,
  }))
  return { id: 'cluster', brokers, settings: new Map() }
}

let ids = 0

export function topicOf(spec: TopicSpec, brokers: number, defaults = { copies: 3, inSync: 2 }): TopicState {
  const copies = Math.min(spec.replicationFactor ?? defaults.copies, brokers)
  return {
    name: spec.name,
    id: `id-${++ids}`,
    appendTime: false,
    retentionMs: spec.retentionMs,
    retentionBytes: spec.retentionBytes,
    compaction: spec.compaction ?? false,
    minInsyncReplicas: spec.minInsyncReplicas ?? Math.min(defaults.inSync, copies),
    maxMessageBytes: spec.maxMessageBytes ?? 1_048_588,
    partitions: Array.from({ length: spec.partitions }, (_, partition) => {
      const replicas = Array.from({ length: copies }, (_unused, copy) => ((partition + copy) % brokers) + 1)
      return { replicas, inSync: replicas, adding: [], removing: [], bytes: 1000 }
    }),
  }
}

export function actualWith(topics: readonly TopicState[], more: Partial<Actual> = {}): Actual {
  return {
    cluster: clusterOf(3),
    topics: new Map(topics.map((topic) => [topic.name, topic])),
    ledger: emptyLedger,
    undone: new Map(),
    ...more,
  }
}

/** With a ledger that owns these topics. */
export function owning(topics: readonly TopicState[], ledger: Partial<Ledger> = {}): Ledger {
  const since = '2026-01-01T00:00:00.000Z'
  const owned = topics.map(({ name, id }) => [name, { id, how: 'made', since } as const] as const)
  return { ...emptyLedger, topics: new Map(owned), ...ledger }
}

/** The cluster and ledger after one step. */
export function after(actual: Actual, step: Step): Actual {
  const topics = new Map(actual.topics)
  const owned = new Map(actual.ledger.topics)
  const schemas = new Map(actual.ledger.schemas)
  const since = '2026-01-02T00:00:00.000Z'
  const state = topics.get(step.subject)
  switch (step.kind) {
    case 'create': {
      const made = topicOf(step.spec, actual.cluster.brokers.length)
      topics.set(step.subject, made)
      owned.set(step.subject, { id: made.id, how: 'made', since })
      break
    }
    case 'adopt':
      owned.set(step.subject, { id: state!.id, how: 'adopted', since })
      break
    case 'set':
      topics.set(step.subject, { ...state!, [step.setting]: step.to ?? Infinity })
      break
    case 'replicas': {
      const partitions = state!.partitions.map((each, partition) => {
        const replicas = step.moves.find((move) => move.partition === partition)?.to ?? each.replicas
        return { ...each, replicas, adding: [], removing: [] }
      })
      topics.set(step.subject, { ...state!, partitions })
      break
    }
    case 'partitions': {
      const first = state!.partitions[0]!
      const added = Array.from({ length: step.to - state!.partitions.length }, () => first)
      topics.set(step.subject, { ...state!, partitions: [...state!.partitions, ...added] })
      break
    }
    case 'delete':
      topics.delete(step.subject)
      owned.delete(step.subject)
      break
    case 'forget':
      owned.delete(step.subject)
      break
    case 'schema':
      schemas.set(step.type, step.schema)
  }
  return { ...actual, topics, ledger: { topics: owned, schemas, begun: undefined } }
}
