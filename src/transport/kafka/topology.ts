/**
 * Topologies on a cluster: topics as they are, and every change that a plan may ask for. All requests are of versions that Kafka 3.9 and
 * 4 both know.
 * @module
 */
import { sleep } from '../../clock.ts'
import {
  LogUnavailable,
  TopicUnknown,
  type ClusterHealth,
  type ClusterState,
  type HealthOptions,
  type ReplicaMove,
  type TopicSetting,
  type TopicSettings,
  type TopicSpec,
  type TopicState,
  type TopologyAdmin,
} from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import { brokerSettings, sizesOnDisk } from './broker-states.ts'
import type { Connection } from './client.ts'
import { clusterHealth } from './cluster-health.ts'
import type { Cluster } from './cluster.ts'
import { code } from './error-codes.ts'
import { alterSettings, remove, set, type SettingChange } from './settings.ts'
import { hasAppendTime, settingsOf, stateSettings, topicSettingNames } from './topic-state.ts'

const ofTopic = 2 as const
const ofBroker = 4 as const
const nothingToMove = 85

export class KafkaTopology implements TopologyAdmin {
  readonly sets: readonly TopicSetting[] = [
    'retentionMs',
    'retentionBytes',
    'compaction',
    'minInsyncReplicas',
    'maxMessageBytes',
  ]
  readonly replicates = true
  readonly #cluster: Cluster
  readonly #make: (topic: TopicSpec) => Promise<void>

  /** @param make makes a topic that is missing, and waits until all brokers know it */
  constructor(cluster: Cluster, make: (topic: TopicSpec) => Promise<void>) {
    this.#cluster = cluster
    this.#make = make
  }

  async cluster(): Promise<ClusterState> {
    const answer = await this.#metadata([])
    await this.#cluster.refresh([])
    const brokers = answer.brokers.map(({ nodeId, rack, host, port }) => ({
      id: nodeId,
      rack: rack ?? undefined,
      address: `${host}:${port}`,
    }))
    const controller = answer.controllerId < 0 ? undefined : answer.controllerId
    return { id: answer.clusterId ?? '', brokers, controller, settings: await brokerSettings(this.#cluster) }
  }

  health(options: HealthOptions): Promise<ClusterHealth> {
    return clusterHealth(this.#cluster, options)
  }

  async topics(prefix: string): Promise<readonly TopicState[]> {
    const found = (await this.#metadata(null)).topics.filter(
      ({ name, isInternal }) => !isInternal && name?.startsWith(prefix) === true,
    )
    const names = found.map(({ name }) => name!)
    if (names.length === 0) return []
    const [settings, moving, sizes] = await Promise.all([
      settingsOf(this.#cluster, names),
      this.#moving(),
      sizesOnDisk(this.#cluster, names),
    ])
    return found.flatMap(({ name, topicId, partitions }) => {
      const has = settings.get(name!)
      if (has === undefined) return []
      const states = partitions
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ partitionIndex, replicaNodes, isrNodes, leaderId }) => {
          const move = moving.get(`${partitionIndex}/${name}`)
          return {
            replicas: replicaNodes,
            inSync: isrNodes,
            leader: leaderId < 0 ? undefined : leaderId,
            adding: move?.addingReplicas ?? [],
            removing: move?.removingReplicas ?? [],
            bytes: sizes?.get(`${partitionIndex}/${name}`),
          }
        })
      const appendTime = hasAppendTime(has)
      return [{ name: name!, id: topicId, appendTime, ...stateSettings(has), partitions: states }]
    })
  }

  create(topic: TopicSpec): Promise<void> {
    return this.#make(topic)
  }

  async set(topic: string, settings: Partial<TopicSettings>): Promise<void> {
    const now = (await settingsOf(this.#cluster, [topic])).get(topic)
    if (now === undefined) throw new TopicUnknown(topic)
    const values = topicSettingNames(settings, stateSettings(now))
    await alterSettings(this.#cluster, `change the topic "${topic}"`, [
      { type: ofTopic, name: topic, changes: values.map((value) => ({ operation: set, ...value })) },
    ])
    await this.#seen(`the settings of ${topic}`, async () => {
      const views = await Promise.all(this.#brokers((broker) => settingsOf(this.#cluster, [topic], broker)))
      return views.every((view) =>
        values.every(({ name, value }) => view === undefined || view.get(topic)?.get(name) === value),
      )
    })
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    const { client, options } = this.#cluster
    const wanted = [{ name: topic, count: partitions, assignments: null }]
    const doing = `add partitions to the topic "${topic}"`
    const answer = await this.#askController(doing, (connection) =>
      answerOf(client.createPartitionsV3.api.async(connection, wanted, options.requestTimeoutMs / 2, false)),
    )
    const refused = answer.results.find(({ errorCode }) => errorCode !== code.none)
    if (refused !== undefined) throw this.#refused(refused, doing, { topic: ['Alter', topic] })
    await this.#seen(`the partitions of ${topic}`, async () => {
      const views = await Promise.all(this.#brokers((broker) => this.#cluster.asSeenBy(broker, [topic])))
      return views.every((view) => {
        const leaders = view?.get(topic)?.leaders
        return leaders === undefined || (leaders.length === partitions && leaders.every((leader) => leader >= 0))
      })
    })
  }

  async reassign(moves: readonly ReplicaMove[]): Promise<void> {
    const { client, options } = this.#cluster
    const topics = [...Map.groupBy(moves, ({ topic }) => topic)].map(([name, ofTopics]) => ({
      name,
      partitions: ofTopics.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas: [...replicas] })),
    }))
    const doing = `move copies of ${topics.map(({ name }) => name).join(', ')}`
    const answer = await this.#askController(doing, (connection) =>
      answerOf(client.alterPartitionReassignmentsV0.api.async(connection, options.requestTimeoutMs / 2, true, topics)),
    )
    if (answer.errorCode !== code.none) throw this.#refused(answer, doing, { cluster: ['Alter'] })
    for (const { name, partitions } of answer.responses) {
      const refused = partitions.find(({ errorCode }) => errorCode !== code.none && errorCode !== nothingToMove)
      if (refused === undefined) continue
      throw this.#refused(refused, `${doing} (${name}/${refused.partitionIndex})`, { cluster: ['Alter'] })
    }
  }

  async throttle(topics: readonly string[], bytesPerSecond: number | undefined): Promise<void> {
    const change = (names: readonly string[], value: string): SettingChange[] =>
      names.map((name) =>
        bytesPerSecond === undefined ? { operation: remove, name } : { operation: set, name, value },
      )
    const sides = ['leader', 'follower']
    const rates = sides.map((side) => `${side}.replication.throttled.rate`)
    const replicas = sides.map((side) => `${side}.replication.throttled.replicas`)
    const doing = 'bound the moving of copies'
    await Promise.all(
      this.#cluster.brokers.map((broker) => {
        const resource = { type: ofBroker, name: `${broker.nodeId}`, changes: change(rates, `${bytesPerSecond}`) }
        return alterSettings(this.#cluster, doing, [resource], broker)
      }),
    )
    const bounded = topics.map((name) => ({ type: ofTopic, name, changes: change(replicas, '*') }))
    await alterSettings(this.#cluster, doing, bounded)
  }

  /** By `<partition>/<topic>`: copies on their way. */
  async #moving(): Promise<ReadonlyMap<string, { addingReplicas: number[]; removingReplicas: number[] }>> {
    const { client, options } = this.#cluster
    const doing = 'list copies that are being moved'
    const answer = await this.#askController(doing, (connection) =>
      answerOf(client.listPartitionReassignmentsV0.api.async(connection, options.requestTimeoutMs / 2, null)),
    )
    if (answer.errorCode !== code.none) throw this.#refused(answer, doing, { cluster: ['Describe'] })
    return new Map(
      answer.topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => [`${each.partitionIndex}/${name}`, each] as const),
      ),
    )
  }

  #metadata(topics: string[] | null) {
    const { negotiation } = this.#cluster
    return this.#cluster.askAny('describe the cluster', async (connection) => {
      const request = await negotiation.pick(connection, 'Metadata')
      return answerOf(request.async(connection, topics, false, false))
    })
  }

  /** Asks every broker; one that does not answer has no say. */
  #brokers<Answer>(ask: (broker: Cluster['brokers'][number]) => Promise<Answer>): Promise<Answer | undefined>[] {
    return this.#cluster.brokers.map((broker) => ask(broker).catch(() => undefined))
  }

  /** Until every broker that answers has heard of a change. */
  async #seen(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const { clock, options } = this.#cluster
    const deadline = clock.monotonic() + options.requestTimeoutMs
    while (!(await isSo())) {
      if (clock.monotonic() >= deadline) {
        throw new LogUnavailable(`The brokers do not agree about ${what}. Try again.`)
      }
      await sleep(clock, 20)
    }
  }

  #askController<Answer>(doing: string, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const { controller } = this.#cluster
    if (controller === undefined) return this.#cluster.askAny(doing, ask)
    return this.#cluster.ask(controller, doing, ask)
  }

  #refused(
    { errorCode, errorMessage }: { errorCode: number; errorMessage: string | null | undefined },
    doing: string,
    needs: Needs,
  ): Error {
    const said = errorMessage ?? null
    const trouble = { apiCode: errorCode, apiId: `Kafka's error ${errorCode}`, serverErrorMessage: said }
    return errorOfCode(errorCode, doing, {
      trouble,
      topic: needs.topic?.[1],
      needs: { user: this.#cluster.user, ...needs },
    })
  }
}
