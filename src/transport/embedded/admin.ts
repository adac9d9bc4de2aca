/**
 * Administration of the embedded log: each call is one question to the owner.
 * @module
 */
import {
  TopicUnknown,
  type GroupDescription,
  type LogAdmin,
  type PartitionOffsets,
  type TopicSpec,
  type TopologyAdmin,
} from '../index.ts'
import type { Answer, Ask, OperationName } from './protocol.ts'

/** Asks the owner; rejects when the log is closed. */
export type AskOwner = <Name extends OperationName>(op: Name, ask: Ask<Name>) => Promise<Answer<Name>>

const alone = { replicas: [], inSync: [], adding: [], removing: [] }

export class EmbeddedAdmin implements LogAdmin {
  /** What a log on one machine has of it: retention. There are no copies and no brokers, and partitions stay as many as they are. */
  readonly topology: TopologyAdmin = {
    sets: ['retentionMs', 'retentionBytes'],
    replicates: false,
    cluster: async () => ({ id: '', brokers: [], settings: new Map() }),
    topics: async (prefix) =>
      (await this.topics())
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ partitions, ...topic }) => ({
          ...topic,
          id: '',
          appendTime: false,
          partitions: Array.from({ length: partitions }, () => alone),
        })),
    create: async (topic) => {
      const existing = (await this.topics()).find(({ name }) => name === topic.name)
      // As it is: only the number of partitions must fit.
      await this.createTopics([existing === undefined ? topic : { ...existing, partitions: topic.partitions }])
    },
    set: async (name, settings) => {
      const topic = (await this.topics()).find((each) => each.name === name)
      if (topic === undefined) throw new TopicUnknown(name)
      await this.createTopics([{ ...topic, ...settings }])
    },
  }
  readonly #ask: AskOwner

  constructor(ask: AskOwner) {
    this.#ask = ask
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (const { name, partitions } of topics) {
      if (typeof name !== 'string' || name === '') throw new TypeError('A topic needs a name.')
      if (Number.isInteger(partitions) && partitions >= 1 && partitions <= 10_000) continue
      throw new RangeError(`Topic "${name}" has ${partitions} partitions; it must be a whole number from 1 to 10000.`)
    }
    await this.#ask('createTopics', {
      topics: topics.map(({ name, partitions, retentionMs, retentionBytes }) => ({
        name,
        partitions,
        retentionMs,
        retentionBytes,
      })),
    })
  }

  topics(): Promise<readonly TopicSpec[]> {
    return this.#ask('topics', {})
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#ask('deleteTopic', { name })
  }

  offsets(topics: readonly string[]): Promise<readonly PartitionOffsets[]> {
    return this.#ask('offsets', { topics })
  }

  groups(names?: readonly string[]): Promise<readonly GroupDescription[]> {
    return this.#ask('groups', { names })
  }

  /**
   * Applies retention now instead of at its next turn (every 30 s), as of `now`.
   * @param now wall-clock milliseconds
   */
  async retain(now: number): Promise<void> {
    await this.#ask('retain', { now })
  }
}
