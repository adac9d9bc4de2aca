/**
 * Copies of partitions: which have no leader, too few copies in sync, or a leader that is not the preferred one. Pure.
 * @module
 */
import type { ClusterHealth, TopicHealth } from '../../transport/index.ts'
import { listed, plural } from '../format.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

export interface ReplicaStates {
  readonly partitions: number
  /** `topic/partition` */
  readonly offline: readonly string[]
  /** Nothing that needs all copies in sync can be stored there. */
  readonly underMinInSync: readonly string[]
  readonly underReplicated: readonly string[]
  readonly notPreferred: readonly string[]
  /** Brokers that have copies and are not there, with how many. */
  readonly missingBrokers: ReadonlyMap<number, number>
}

export function replicaStates({ topics, brokers }: Pick<ClusterHealth, 'topics' | 'brokers'>): ReplicaStates {
  const there = new Set(brokers.map(({ id }) => id))
  const all = topics.flatMap((topic) => topic.partitions.map((each, index) => ({ ...each, topic, index })))
  const named = (of: (partition: (typeof all)[number]) => boolean): string[] =>
    all.filter(of).map(({ topic, index }) => `${topic.name}/${index}`)
  const missing = new Map<number, number>()
  for (const { replicas } of all)
    for (const id of replicas) if (!there.has(id)) missing.set(id, (missing.get(id) ?? 0) + 1)
  const isOffline = ({ leader }: { leader?: number | undefined }): boolean => leader === undefined
  return {
    partitions: all.length,
    offline: named(isOffline),
    underMinInSync: named((each) => !isOffline(each) && each.inSync.length < leastInSync(each.topic)),
    underReplicated: named((each) => !isOffline(each) && each.inSync.length < each.replicas.length),
    notPreferred: named((each) => !isOffline(each) && each.leader !== each.replicas[0]),
    missingBrokers: new Map([...missing].toSorted(([a], [b]) => a - b)),
  }
}

function leastInSync({ minInsyncReplicas, partitions }: TopicHealth): number {
  // More than there are copies is a setting, and told elsewhere.
  return Math.min(minInsyncReplicas ?? 1, Math.max(1, ...partitions.map(({ replicas }) => replicas.length)))
}

export function brokerFindings(health: ClusterHealth): Finding[] {
  const { missingBrokers } = replicaStates(health)
  const silent = health.brokers.filter(({ trouble }) => trouble !== undefined)
  const findings = [...missingBrokers].map(([id, copies]) =>
    wrong(
      'brokers',
      `broker ${id} is not in the cluster; ${plural(copies, 'partition')} have a copy on it`,
      `Start broker ${id}, or move its copies to others (veltrix plan, veltrix apply).`,
    ),
  )
  for (const { id, address, trouble } of silent) {
    findings.push(
      id === undefined
        ? warn(
            'brokers',
            `${address} of the typed file does not answer: ${trouble}`,
            'Start the broker there, or take the address out of kafka({ brokers }).',
          )
        : wrong(
            'brokers',
            `broker ${id} at ${address} does not answer: ${trouble}`,
            'Look at the broker, and whether its address (advertised.listeners) can be reached from here.',
          ),
    )
  }
  const well = health.brokers.filter(({ trouble }) => trouble === undefined)
  const slowest = Math.max(0, ...well.map(({ answerMs }) => answerMs ?? 0))
  if (findings.length > 0) return findings
  return [ok('brokers', `${plural(well.length, 'broker')} answer, the slowest in ${Math.round(slowest)} ms`)]
}

export function replicaFindings(health: ClusterHealth): Finding[] {
  const states = replicaStates(health)
  const { offline, underMinInSync, underReplicated, notPreferred } = states
  const findings: Finding[] = []
  const noun = (names: readonly string[]): string => plural(names.length, 'partition')
  if (offline.length > 0) {
    findings.push(
      wrong(
        'replicas',
        `${noun(offline)} without a leader: ${listed(offline)}`,
        'Nothing can be stored or read there. Start the brokers that have their copies.',
      ),
    )
  }
  if (underMinInSync.length > 0) {
    findings.push(
      wrong(
        'replicas',
        `${noun(underMinInSync)} with fewer copies in sync than min.insync.replicas: ${listed(underMinInSync)}`,
        'Nothing can be published there until they are. Start the brokers that are down; look at those that lag behind.',
      ),
    )
  }
  if (underReplicated.length > 0) {
    findings.push(
      warn(
        'replicas',
        `${noun(underReplicated)} under-replicated: ${listed(underReplicated)}`,
        'Another failure may stop them. Start the brokers that are down, or wait until their copies have caught up.',
      ),
    )
  }
  if (notPreferred.length > 0) {
    findings.push(
      warn(
        'leaders',
        `${noun(notPreferred)} not led by the preferred broker: ${listed(notPreferred)}`,
        'The load is uneven. Kafka moves them back within some minutes (auto.leader.rebalance.enable), kafka-leader-election.sh at once.',
      ),
    )
  }
  if (findings.length > 0) return findings
  return [ok('replicas', `${plural(states.partitions, 'partition')}, every copy in sync, led by the preferred brokers`)]
}
