/**
 * Administration of a cluster: topics, offsets, groups.
 * @module
 */
import { sleep } from '../../clock.ts'
import {
  LogUnavailable,
  TopicMismatch,
  TopicsMissing,
  type GroupDescription,
  type LogAdmin,
  type PartitionOffsets,
  type TopicPartition,
  type TopicSpec,
} from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode } from './broker-errors.ts'
import type { Connection } from './client.ts'
import type { Cluster, TopicPlaces } from './cluster.ts'
import { code } from './error-codes.ts'
import { describeGroups } from './groups.ts'
import { offsetsOf, offsetsSince } from './offsets.ts'
import { describeTopics, newTopicSettings, updateRetention } from './topic-settings.ts'
import { KafkaTopology } from './topology.ts'

export class KafkaAdmin implements LogAdmin {
  readonly topology: KafkaTopology
  readonly #cluster: Cluster
  readonly #check: () => void

  /** @param check throws when the log is closed */
  constructor(cluster: Cluster, check: () => void) {
    this.#cluster = cluster
    this.#check = check
    this.topology = new KafkaTopology(cluster, async (topic) => {
      check()
      await cluster.refresh([topic.name])
      if (!this.#exists(topic)) await this.#create([topic])
    })
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.#check()
    for (const { name, partitions } of topics) {
      if (typeof name !== 'string' || !/^[\w.-]{1,249}$/.test(name) || /^\.{1,2}$/.test(name)) {
        throw new TypeError(`"${name}" is no name for a topic: Kafka takes 1 to 249 letters, digits, ".", "_" and "-".`)
      }
      if (Number.isInteger(partitions) && partitions >= 1 && partitions <= 10_000) continue
      throw new RangeError(`Topic "${name}" has ${partitions} partitions; it must be a whole number from 1 to 10000.`)
    }
    if (topics.length === 0) return
    await this.#cluster.refresh(topics.map(({ name }) => name))
    const hidden = topics.find(({ name }) => this.#cluster.isHidden(name))
    if (hidden !== undefined) throw this.#cluster.missing(hidden.name)
    const missing = topics.filter((topic) => !this.#exists(topic))
    if (!this.#cluster.options.createTopics) {
      if (missing.length > 0) throw new TopicsMissing(missing.map(({ name }) => name))
      return
    }
    if (missing.length > 0) await this.#create(missing)
    // One that somebody else made at the same moment may have other partitions.
    const present = topics.filter((topic) => this.#exists(topic))
    await updateRetention(this.#cluster, present)
  }

  async topics(): Promise<readonly TopicSpec[]> {
    this.#check()
    const places = [...(await this.#cluster.refreshAll())].filter(([, { isInternal }]) => !isInternal)
    const settings = await describeTopics(
      this.#cluster,
      places.map(([name]) => name),
    )
    return places.flatMap(([name, { leaders }]) => {
      const has = settings.get(name)
      if (has === undefined) return []
      const { retentionMs, retentionBytes } = has
      return [{ name, partitions: leaders.length, retentionMs, retentionBytes }]
    })
  }

  async deleteTopic(name: string): Promise<void> {
    this.#check()
    const { client, options } = this.#cluster
    const answer = await this.#askController(`delete the topic "${name}"`, (connection) =>
      answerOf(
        client.deleteTopicsV6.api.async(connection, [{ name, topicId: noTopicId }], options.requestTimeoutMs / 2),
      ),
    )
    const errorCode = answer.responses[0]?.errorCode ?? code.none
    if (errorCode !== code.none) {
      throw errorOfCode(errorCode, `delete the topic "${name}"`, {
        topic: name,
        needs: { user: this.#cluster.user, topic: ['Delete', name] },
      })
    }
    await this.#settled([name], (places) => places === undefined)
    await this.#cluster.refresh([name])
  }

  async offsets(topics: readonly string[]): Promise<readonly PartitionOffsets[]> {
    this.#check()
    return offsetsOf(this.#cluster, topics)
  }

  async offsetsSince(
    topics: readonly string[],
    sinceMs: number,
  ): Promise<readonly (TopicPartition & { readonly offset: number })[]> {
    this.#check()
    return offsetsSince(this.#cluster, topics, sinceMs)
  }

  async groups(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    this.#check()
    return describeGroups(this.#cluster, names)
  }

  /** Bytes of the largest batch a topic takes. */
  async maxBatchBytes(topic: string): Promise<number> {
    const settings = (await describeTopics(this.#cluster, [topic])).get(topic)
    if (settings === undefined) throw this.#cluster.missing(topic)
    return settings.maxBatchBytes
  }

  /** @throws TopicMismatch when it has another number of partitions */
  #exists({ name, partitions }: TopicSpec): boolean {
    const existing = this.#cluster.topic(name)?.leaders.length
    if (existing !== undefined && existing !== partitions) throw new TopicMismatch(name, existing, partitions)
    return existing !== undefined
  }

  async #create(topics: readonly TopicSpec[]): Promise<void> {
    const { client, options, brokers } = this.#cluster
    const wanted = topics.map((topic) => {
      const replicas = topic.replicationFactor ?? options.replicationFactor ?? Math.min(3, brokers.length)
      const configs = newTopicSettings(topic, replicas, options)
      return {
        name: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: replicas,
        assignments: [],
        configs,
      }
    })
    const answer = await this.#askController('make topics', (connection) =>
      answerOf(client.createTopicsV7.api.async(connection, wanted, options.requestTimeoutMs / 2, false)),
    )
    for (const { name, errorCode, errorMessage } of answer.topics) {
      if (errorCode === code.none || errorCode === code.topicExists) continue
      const trouble = { apiCode: errorCode, apiId: '', serverErrorMessage: errorMessage }
      const needs: Needs = { user: this.#cluster.user, topic: ['Create', name], cluster: ['Create'] }
      throw errorOfCode(errorCode, `make the topic "${name}"`, { needs, trouble })
    }
    const counts = new Map(topics.map(({ name, partitions }) => [name, partitions]))
    const names = [...counts.keys()]
    await this.#settled(names, (places) => places !== undefined && places.leaders.every((leader) => leader >= 0))
    await this.#cluster.refresh(names)
  }

  async #askController<Answer>(doing: string, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const { controller } = this.#cluster
    if (controller === undefined) return this.#cluster.askAny(doing, ask)
    return this.#cluster.ask(controller, doing, ask)
  }

  /** Until every broker that answers sees these topics so: they hear of a change one after the other. */
  async #settled(names: readonly string[], isSo: (places: TopicPlaces | undefined) => boolean): Promise<void> {
    const { clock, options, brokers } = this.#cluster
    const deadline = clock.monotonic() + options.requestTimeoutMs
    for (;;) {
      const views = await Promise.all(
        brokers.map((broker) => this.#cluster.asSeenBy(broker, names).catch(() => undefined)),
      )
      if (views.every((view) => view === undefined || names.every((name) => isSo(view.get(name))))) return
      if (clock.monotonic() >= deadline) {
        throw new LogUnavailable(`The brokers do not agree about the topics ${names.join(', ')}. Try again.`)
      }
      await sleep(clock, 20)
    }
  }
}

const noTopicId = '00000000-0000-0000-0000-000000000000'
