/**
 * Settings of brokers that a plan cannot change, and that decide what the application may rely on: read, judged, and told with what to do.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import type { ClusterState, TopicState } from '../transport/index.ts'
import type { Warning } from './change.ts'

/** Commit state of a partition, as Kafka counts it: 3,500 bytes in characters of seven bits, and a mark. */
const commitBytes = 4_001
/** From a leader's death to a new one: beyond it publishing stands still for long. */
const longestElectionMs = 30_000

export interface CheckedWorld {
  readonly config: CompiledConfig
  readonly cluster: ClusterState
  readonly topics: Iterable<TopicState>
  /** Largest record the transport makes, in bytes. */
  readonly maxRecordBytes: number
}

export function brokerWarnings(world: CheckedWorld): readonly Warning[] {
  const { cluster } = world
  if (cluster.brokers.length === 0) return []
  if (cluster.settings.size === 0) {
    return [
      {
        subject: 'brokers',
        says: 'their settings may not be read, and were not checked',
        mend: 'Give this user DescribeConfigs on the cluster (veltrix plan --acls).',
      },
    ]
  }
  return [...elections(world), ...internalTopics(world), ...sessions(world), ...sizes(world), ...inSyncOfTopics(world)]
}

function elections({ cluster }: CheckedWorld): Warning[] {
  const warnings: Warning[] = []
  if (valuesOf(cluster, 'unclean.leader.election.enable').includes('true')) {
    warnings.push(
      warn(
        'unclean.leader.election.enable=true',
        'a copy that lags may become leader: acknowledged events are lost then',
        'Set it to false on every broker.',
      ),
    )
  }
  if (valuesOf(cluster, 'auto.create.topics.enable').includes('true')) {
    warnings.push(
      warn(
        'auto.create.topics.enable=true',
        'a mistyped name makes a topic with settings nobody chose',
        'Set it to false on every broker; apply makes what is needed.',
      ),
    )
  }
  for (const name of ['broker.session.timeout.ms', 'zookeeper.session.timeout.ms', 'replica.lag.time.max.ms']) {
    const slowest = Math.max(0, ...numbersOf(cluster, name))
    // The lag time's own default is 30 s.
    if (slowest > longestElectionMs) {
      warnings.push(
        warn(
          `${name}=${slowest}`,
          'that long nothing can be published to partitions whose broker died or stands still',
          'Lower it (Kafka has 9000, 18000 and 30000), and mind pauses of the brokers.',
        ),
      )
    }
  }
  const election = Math.max(0, ...numbersOf(cluster, 'controller.quorum.election.timeout.ms'))
  if (election > longestElectionMs) {
    warnings.push(
      warn(
        `controller.quorum.election.timeout.ms=${election}`,
        'that long no leader is chosen when the controller dies',
        'Lower it; Kafka has 1000.',
      ),
    )
  }
  return warnings
}

/** Kafka's own topics: positions and transactions are as safe as these. */
function internalTopics({ cluster }: CheckedWorld): Warning[] {
  const brokers = cluster.brokers.length
  const enough = Math.min(3, brokers)
  const warnings: Warning[] = []
  for (const [name, what] of [
    ['offsets.topic.replication.factor', 'positions of subscriptions'],
    ['transaction.state.log.replication.factor', 'transactions'],
  ] as const) {
    const least = Math.min(Infinity, ...numbersOf(cluster, name))
    if (least >= enough) continue
    warnings.push(
      warn(
        `${name}=${least}`,
        `${what} have ${least} copies on ${brokers} brokers: they stop with one broker, and go with its disk`,
        `Set it to ${enough}, and move the topic that is there (kafka-reassign-partitions.sh).`,
      ),
    )
  }
  const copies = Math.min(Infinity, ...numbersOf(cluster, 'transaction.state.log.replication.factor'))
  const inSync = Math.min(Infinity, ...numbersOf(cluster, 'transaction.state.log.min.isr'))
  if (inSync < 2 && copies >= 3) {
    warnings.push(
      warn(
        `transaction.state.log.min.isr=${inSync}`,
        'a transaction may be acknowledged that lies on one broker only',
        'Set it to 2.',
      ),
    )
  }
  return warnings
}

function sessions({ cluster, config }: CheckedWorld): Warning[] {
  const asked = config.worker.sessionTimeoutMs
  const warnings: Warning[] = []
  // Newer groups have the one pair of bounds, classic ones the other; which is used is the transport's to choose.
  // Kafka 3.9 has the settings of the newer ones, and does not use them.
  const protocols = valuesOf(cluster, 'group.coordinator.rebalance.protocols')
  const isNew =
    numbersOf(cluster, 'group.consumer.min.session.timeout.ms').length > 0 &&
    protocols.every((each) => each.includes('consumer'))
  const prefix = isNew ? 'group.consumer.' : 'group.'
  const least = Math.max(0, ...numbersOf(cluster, `${prefix}min.session.timeout.ms`))
  const most = Math.min(Infinity, ...numbersOf(cluster, `${prefix}max.session.timeout.ms`))
  if (asked < least || asked > most) {
    const bound = asked < least ? `${prefix}min.session.timeout.ms=${least}` : `${prefix}max.session.timeout.ms=${most}`
    warnings.push(
      warn(
        bound,
        `worker.sessionTimeout (${asked} ms) is out of its bounds: the broker's own time-out holds, and partitions of a dead worker wait that long`,
        `Set the bound to let ${asked} in, or worker.sessionTimeout to between ${least} and ${most}.`,
      ),
    )
  }
  const metadata = Math.min(Infinity, ...numbersOf(cluster, 'offset.metadata.max.bytes'))
  if (metadata < commitBytes) {
    warnings.push(
      warn(
        `offset.metadata.max.bytes=${metadata}`,
        `a worker's commit may need ${commitBytes} bytes: commits will be refused`,
        'Set it back to 4096.',
      ),
    )
  }
  return warnings
}

function sizes({ cluster, config, maxRecordBytes }: CheckedWorld): Warning[] {
  const warnings: Warning[] = []
  const broker = Math.min(Infinity, ...numbersOf(cluster, 'message.max.bytes'))
  // Topics with a limit of their own do not go by the brokers'.
  const relies = [...config.streams.values()].some(({ settings }) => settings.maxMessageBytes === undefined)
  if (relies && broker < maxRecordBytes) {
    warnings.push(
      warn(
        `message.max.bytes=${broker}`,
        `events of up to ${maxRecordBytes} bytes can be published, and the larger ones will be refused`,
        'Raise it, set topics.maxMessageSize, or lower kafka({ maxRecordBytes }).',
      ),
    )
  }
  for (const { name, settings } of config.streams.values()) {
    const most = settings.maxMessageBytes
    if (most === undefined || most >= maxRecordBytes) continue
    warnings.push(
      warn(
        `maxMessageSize of stream ${name} (${most} bytes)`,
        `is below the largest record that is made (${maxRecordBytes} bytes): the larger ones will be refused`,
        'Raise it, or lower kafka({ maxRecordBytes }) and publisher.maxEventBytes.',
      ),
    )
  }
  return warnings
}

function inSyncOfTopics({ topics }: CheckedWorld): Warning[] {
  const alone: string[] = []
  const brittle: string[] = []
  for (const { name, minInsyncReplicas: inSync, partitions } of topics) {
    const copies = Math.min(...partitions.map(({ replicas }) => replicas.length))
    if (inSync === undefined) continue
    if (inSync === copies && copies > 1) brittle.push(name)
    if (inSync < 2 && copies > 1) alone.push(name)
  }
  const warnings: Warning[] = []
  if (brittle.length > 0) {
    warnings.push(
      warn(
        `min.insync.replicas of ${brittle.join(', ')}`,
        'equals the number of copies: with one broker down nothing can be published',
        'Set minInsyncReplicas one below replicationFactor.',
      ),
    )
  }
  if (alone.length > 0) {
    warnings.push(
      warn(
        `min.insync.replicas of ${alone.join(', ')}`,
        'is 1: an event may be acknowledged that lies on one broker only, and is lost with it',
        'Set minInsyncReplicas to 2.',
      ),
    )
  }
  return warnings
}

function warn(subject: string, says: string, mend: string): Warning {
  return { subject, says, mend }
}

function valuesOf({ settings }: ClusterState, name: string): readonly string[] {
  return [...(settings.get(name)?.values() ?? [])]
}

function numbersOf(cluster: ClusterState, name: string): readonly number[] {
  return valuesOf(cluster, name).map(Number).filter(Number.isFinite)
}
