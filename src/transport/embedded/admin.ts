/**
 * Administration of the embedded log: each call is one question to the owner.
 * @module
 */
import type { GroupDescription, LogAdmin, PartitionOffsets, TopicSpec } from '../index.ts'
import type { Answer, Ask, OperationName } from './protocol.ts'

/** Asks the owner; rejects when the log is closed. */
export type AskOwner = <Name extends OperationName>(op: Name, ask: Ask<Name>) => Promise<Answer<Name>>

export class EmbeddedAdmin implements LogAdmin {
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
