/**
 * The properties that brokers and ZooKeeper are started with.
 * @module
 */
import { join } from 'node:path'
import type { ClusterNode, ClusterPlan } from './plan.ts'
import { host } from './ports.ts'

export type Properties = Readonly<Record<string, string | number | boolean>>

/** Settings of one broker; `more` wins. */
export function brokerProperties(
  plan: ClusterPlan,
  node: ClusterNode,
  directory: string,
  more: Properties,
): Properties {
  const own = plan.kind === 'kraft' ? kraft(plan, node) : zookeeper(plan, node)
  return { ...common(plan, node, directory), ...own, ...more }
}

function common({ nodes }: ClusterPlan, { id, port }: ClusterNode, directory: string): Properties {
  const copies = Math.min(3, nodes.length)
  const inSync = Math.max(1, copies - 1)
  return {
    'advertised.listeners': `PLAINTEXT://${host}:${port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataDirectory(directory, id),
    'auto.create.topics.enable': false,
    'unclean.leader.election.enable': false,
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 3,
    // Nobody waits for more members on a machine of one's own.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    // Space of deleted topics and old records is given back soon.
    'log.retention.check.interval.ms': 1_000,
    'file.delete.delay.ms': 1_000,
    'num.network.threads': 2,
    'num.io.threads': 4,
  }
}

function kraft({ nodes }: ClusterPlan, { id, port, controllerPort }: ClusterNode): Properties {
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': nodes.map((each) => `${each.id}@${host}:${each.controllerPort}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'broker.session.timeout.ms': sessionTimeoutMs,
    'share.coordinator.state.topic.replication.factor': Math.min(3, nodes.length),
    'share.coordinator.state.topic.min.isr': Math.max(1, Math.min(3, nodes.length) - 1),
    'share.coordinator.state.topic.num.partitions': 3,
    // Changes of a group are seen at the next heartbeat, which is therefore soon; and sessions are as short as an application asks for.
    'group.consumer.heartbeat.interval.ms': 1_000,
    'group.consumer.min.heartbeat.interval.ms': 100,
    'group.consumer.min.session.timeout.ms': 2_000,
    'group.consumer.session.timeout.ms': 10_000,
    'group.consumer.min.assignment.interval.ms': 0,
    'group.consumer.assignment.interval.ms': 0,
  }
}

function zookeeper({ zookeeperPort }: ClusterPlan, { id, port }: ClusterNode): Properties {
  return {
    'broker.id': id,
    listeners: `PLAINTEXT://${host}:${port}`,
    'zookeeper.connect': `${host}:${zookeeperPort}`,
    'zookeeper.session.timeout.ms': sessionTimeoutMs,
    'zookeeper.connection.timeout.ms': 30_000,
  }
}

/** How long a dead broker is taken for alive. Kafka's own defaults are 9 s and 18 s. */
const sessionTimeoutMs = 6_000

export function zookeeperProperties(port: number, directory: string): Properties {
  return {
    dataDir: dataDirectory(directory, 'zookeeper'),
    clientPort: port,
    clientPortAddress: host,
    maxClientCnxns: 0,
    // It would open port 8080.
    'admin.enableServer': false,
    // Sessions may be as short as two ticks.
    tickTime: 500,
  }
}

export function dataDirectory(directory: string, name: number | string): string {
  return join(directory, `data-${name}`)
}

/** A Java properties file. */
export function propertiesText(properties: Properties): string {
  const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escaped(String(value))}\n`)
    .join('')
}

/** What is worth telling goes to standard output, and so into the node's log. */
export const loggingText = [
  'log4j.rootLogger=WARN, stdout',
  'log4j.appender.stdout=org.apache.log4j.ConsoleAppender',
  'log4j.appender.stdout.layout=org.apache.log4j.PatternLayout',
  'log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %p %m (%c{1})%n',
  '',
].join('\n')
