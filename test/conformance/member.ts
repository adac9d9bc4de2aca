/**
 * A group member for tests: keeps what its listener heard and lets a test wait for it, without sleeping.
 * @module
 */
import type {
  AssignedPartition,
  ConsumeOptions,
  Consumer,
  FetchedBatch,
  Log,
  TopicPartition,
} from '../../src/transport/index.ts'

export interface MemberOptions extends Partial<ConsumeOptions> {
  onAssigned?: (member: Member, partitions: readonly AssignedPartition[]) => void
  /** What `revoked` does before it resolves. */
  onRevoked?: (member: Member, partitions: readonly TopicPartition[]) => Promise<void>
}

export class Member {
  consumer!: Consumer
  readonly held = new Map<string, AssignedPartition>()
  readonly failures: Error[] = []
  readonly history: { what: 'assigned' | 'revoked' | 'lost'; key: string }[] = []
  #waiting: (() => void)[] = []

  static async join(log: Log, group: string, topics: readonly string[], options: MemberOptions = {}): Promise<Member> {
    const member = new Member()
    const { onAssigned, onRevoked, ...rest } = options
    member.consumer = await log.consume({
      group,
      topics,
      ...rest,
      listener: {
        assigned: (partitions) => {
          member.#note('assigned', partitions)
          onAssigned?.(member, partitions)
        },
        revoked: async (partitions) => {
          member.#tell('revoked', partitions)
          await onRevoked?.(member, partitions)
          for (const partition of partitions) member.held.delete(keyOf(partition))
          member.#wake()
        },
        lost: (partitions) => member.#note('lost', partitions),
        failed: (error) => {
          member.failures.push(error)
          member.#wake()
        },
      },
    })
    return member
  }

  /** Resolves as soon as `condition` holds; looked at after every call of the listener. */
  async until(condition: (member: Member) => boolean): Promise<this> {
    while (!condition(this)) {
      if (this.failures.length > 0) throw this.failures[0]!
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return this
  }

  holding(count: number): Promise<this> {
    return this.until((member) => member.held.size === count)
  }

  position(topic: string, partition = 0): AssignedPartition {
    return this.held.get(keyOf({ topic, partition }))!
  }

  /** Fetches from one partition, by default where the group stands. */
  fetch(
    topic: string,
    partition = 0,
    {
      offset = this.position(topic, partition)?.committedOffset ?? 0,
      maxBytes = 1 << 20,
      maxWaitMs = 20_000,
      signal,
    }: FetchChoice = {},
  ): Promise<readonly FetchedBatch[]> {
    return this.consumer.fetch([{ topic, partition, offset, maxBytes }], { maxWaitMs, signal })
  }

  commit(topic: string, partition: number, offset: number, metadata: Uint8Array = new Uint8Array()): Promise<void> {
    return this.consumer.commit([{ topic, partition, offset, metadata }])
  }

  #note(what: 'assigned' | 'lost', partitions: readonly (TopicPartition | AssignedPartition)[]): void {
    for (const partition of partitions) {
      if (what === 'lost') this.held.delete(keyOf(partition))
      else this.held.set(keyOf(partition), partition as AssignedPartition)
    }
    this.#tell(what, partitions)
  }

  #tell(what: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.history.push({ what, key: keyOf(partition) })
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

interface FetchChoice {
  offset?: number
  maxBytes?: number
  maxWaitMs?: number
  signal?: AbortSignal
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
