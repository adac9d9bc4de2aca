/**
 * What is there: the application's topics, its ledger, the brokers, and events that no subscription has handled yet.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import type { ClusterState, Log, TopicState, TopologyAdmin } from '../transport/index.ts'
import { ledgerTopic, nameSpace } from './desired.ts'
import { emptyLedger, readLedger, type Ledger } from './ledger.ts'

export interface Actual {
  readonly cluster: ClusterState
  /** By name; only those of the application's name space. */
  readonly topics: ReadonlyMap<string, TopicState>
  readonly ledger: Ledger
  /** Events in a topic that a subscription has not handled: by topic, then by subscription. Topics without any are missing. */
  readonly undone: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** @throws LedgerUnreadable, and the transport's errors */
export async function actualOf(log: Log, topology: TopologyAdmin, config: CompiledConfig): Promise<Actual> {
  const [cluster, states] = await Promise.all([topology.cluster(), topology.topics(nameSpace(config.app))])
  const topics = new Map(states.map((topic) => [topic.name, topic]))
  const ledger = topics.has(ledgerTopic(config.app)) ? await readLedger(log, ledgerTopic(config.app)) : emptyLedger
  return { cluster, topics, ledger, undone: await undoneOf(log, topics, config) }
}

/** Of topics that streams once had too: a group's positions tell what it reads. */
async function undoneOf(
  log: Log,
  topics: ReadonlyMap<string, TopicState>,
  config: CompiledConfig,
): Promise<Actual['undone']> {
  const subscriptions = new Map([...config.subscriptions.values()].map((sub) => [sub.group, sub.name]))
  const groups = subscriptions.size === 0 ? [] : await log.admin.groups([...subscriptions.keys()])
  const positions = groups.flatMap(({ group, positions: held }) => held.map((position) => ({ group, ...position })))
  const read = [...new Set(positions.map(({ topic }) => topic))].filter((topic) => topics.has(topic))
  const undone = new Map<string, Map<string, number>>()
  const ends = read.length === 0 ? [] : await log.admin.offsets(read)
  const lags = ends.flatMap(({ topic, partition, earliest, end }) =>
    [...new Set(positions.filter((each) => each.topic === topic).map(({ group }) => group))].map((group) => {
      const held = positions.find(
        (each) => each.group === group && each.topic === topic && each.partition === partition,
      )
      return { group, topic, partition, from: Math.max(held?.offset ?? 0, earliest), end }
    }),
  )
  const real = await Promise.all(lags.filter(({ from, end }) => from < end).map((lag) => whenEvents(log, lag)))
  for (const { group, topic, from, end } of real.filter((lag) => lag !== undefined)) {
    const bySubscription = undone.get(topic) ?? new Map<string, number>()
    const name = subscriptions.get(group)!
    undone.set(topic, bySubscription.set(name, (bySubscription.get(name) ?? 0) + end - from))
  }
  return undone
}

/** Marks of transactions take offsets too: what lies behind the position may be no event. Who may not look takes it for one. */
async function whenEvents<Lag extends { readonly topic: string; readonly partition: number; readonly from: number }>(
  log: Log,
  lag: Lag,
): Promise<Lag | undefined> {
  try {
    const { topic, partition, from } = lag
    const { records } = await log.read({ topic, partition, offset: from, maxBytes: 1, maxWaitMs: 0 })
    return records.length > 0 ? lag : undefined
  } catch (error) {
    if ((error as { code?: string }).code === 'VLX_NOT_AUTHORIZED') return lag
    throw error
  }
}
