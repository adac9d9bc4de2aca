/**
 * Topics and groups of the application: partitions, copies, positions, members; and what a plan would change.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { GroupDescription, Log, PartitionOffsets, TopicState } from '../../transport/index.ts'
import { nothingAllowed, planFor, type Change } from '../../topology/index.ts'
import type { TimedPartitionLag } from '../../telemetry/lag/index.ts'
import type { DashboardApp } from '../app.ts'
import type { GroupView, PartitionView, PlanView, TopicsView, TopicView } from '../api/index.ts'
import { Cached } from './cached.ts'

const topicsMs = 1_000
const planMs = 2_000

export interface TopicsOptions {
  readonly app: Pick<DashboardApp, 'open' | 'config'>
  readonly clock: Clock
  /** As of the last look. */
  readonly lags: () => readonly TimedPartitionLag[]
}

export class Topics {
  readonly #options: TopicsOptions
  readonly #topics: Cached<TopicsView>
  readonly #plan: Cached<PlanView>

  constructor(options: TopicsOptions) {
    this.#options = options
    this.#topics = new Cached(options.clock, topicsMs, () => this.#look())
    this.#plan = new Cached(options.clock, planMs, () => this.#makePlan())
  }

  /** @throws the log's errors */
  view(): Promise<TopicsView> {
    return this.#topics.get()
  }

  plan(): Promise<PlanView> {
    return this.#plan.get()
  }

  async #look(): Promise<TopicsView> {
    const { app, lags } = this.#options
    const { config } = app
    const log = await app.open()
    const prefix = `${config.app}.`
    const names = (await log.admin.topics()).map(({ name }) => name).filter((name) => name.startsWith(prefix))
    const [offsets, groups, copies] = await Promise.all([
      log.admin.offsets(names),
      log.admin.groups([...config.subscriptions.values()].map(({ group }) => group)),
      copiesOf(log, prefix),
    ])
    const byTopic = Map.groupBy(offsets, ({ topic }) => topic)
    return {
      brokers: copies?.brokers ?? null,
      topics: names.toSorted().map((name) => ({
        name,
        ...placeOf(name, config),
        partitions: (byTopic.get(name) ?? []).map((range) => partitionView(range, copies?.topics.get(name))),
      })),
      groups: [...config.subscriptions.values()].map(({ name, group }) =>
        groupView(
          group,
          name,
          groups.find((each) => each.group === group),
          lags(),
        ),
      ),
    }
  }

  async #makePlan(): Promise<PlanView> {
    const { app } = this.#options
    try {
      const log = await app.open()
      const { plan } = await planFor({ log, config: app.config, allowed: nothingAllowed })
      const warnings = plan.warnings.map(({ subject, says, mend }) => ({
        kind: 'risky' as const,
        text: `${subject}: ${says} ${mend}`,
      }))
      return { clean: plan.changes.length === 0, steps: [...plan.changes.map(stepView), ...warnings], error: null }
    } catch (error) {
      return { clean: false, steps: [], error: error instanceof Error ? error.message : String(error) }
    }
  }
}

interface Copies {
  readonly brokers: NonNullable<TopicsView['brokers']>
  readonly topics: ReadonlyMap<string, TopicState>
}

/** Undefined where the log has no copies, or nobody may know. */
async function copiesOf({ admin: { topology } }: Log, prefix: string): Promise<Copies | undefined> {
  if (topology?.replicates !== true) return undefined
  try {
    const [cluster, topics] = await Promise.all([topology.cluster(), topology.topics(prefix)])
    return {
      brokers: cluster.brokers.map(({ id, address = '' }) => ({
        id: String(id),
        address,
        controller: cluster.controller === id,
      })),
      topics: new Map(topics.map((topic) => [topic.name, topic])),
    }
  } catch {
    return undefined
  }
}

function placeOf(name: string, config: CompiledConfig): Pick<TopicView, 'kind' | 'stream' | 'lane'> {
  for (const stream of config.streams.values()) {
    for (const [lane, topic] of stream.topics) if (topic === name) return { kind: 'stream', stream: stream.name, lane }
  }
  for (const { deadTopic, auditTopic } of config.subscriptions.values()) {
    if (name === deadTopic) return { kind: 'dead', stream: null, lane: null }
    if (name === auditTopic) return { kind: 'audit', stream: null, lane: null }
  }
  return { kind: 'other', stream: null, lane: null }
}

function partitionView({ partition, earliest, end }: PartitionOffsets, topic: TopicState | undefined): PartitionView {
  const state = topic?.partitions[partition]
  if (state === undefined) return { partition, earliest, end, leader: null, replicas: null, inSync: null }
  const { leader, replicas, inSync } = state
  return {
    partition,
    earliest,
    end,
    leader: leader === undefined ? null : String(leader),
    replicas: replicas.map(String),
    inSync: inSync.map(String),
  }
}

function groupView(
  group: string,
  subscription: string,
  found: GroupDescription | undefined,
  lags: readonly TimedPartitionLag[],
): GroupView {
  return {
    group,
    subscription,
    members: (found?.members ?? []).map(({ clientId, partitions }) => ({ clientId, partitions: partitions.length })),
    partitions: lags
      .filter((row) => row.subscription === subscription)
      .map(({ topic, partition, next, lag, lagSeconds, member }) => ({
        topic,
        partition,
        committed: next,
        lag,
        lagSeconds,
        member,
      })),
  }
}

function stepView({ kind, symbol, subject, what, reason }: Change): PlanView['steps'][number] {
  const text = `${symbol} ${subject}  ${what}: ${reason}`
  if (kind === 'blocked') return { kind: 'refused', text }
  return { kind: symbol === '-' || symbol === '!' ? 'risky' : 'safe', text }
}
