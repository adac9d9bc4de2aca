/**
 * What the rig sees of the cluster while it breaks: leaders, copies in sync, how far groups are, what lies in the dead topics. Everything it
 * asks may fail at any moment; it asks again.
 * @module
 */
import { Admin } from '@platformatic/kafka'
import { sleep, systemClock } from '../../../src/clock.ts'
import type { CompiledConfig } from '../../../src/config/index.ts'
import { deadHeaders } from '../../../src/deadletter/index.ts'
import type { Log, LogRecord } from '../../../src/transport/index.ts'
import { placeOf, type Line } from './history/happening.ts'
import { machineTime, type Journal } from './history/journal.ts'

const askAgainMs = 200

export interface Leadership {
  readonly leader: number
  readonly inSync: readonly number[]
}

export class Eyes {
  readonly #log: Log
  readonly #config: CompiledConfig
  readonly #journal: Journal
  readonly #brokers: readonly string[]
  /** How far each dead topic has been read. */
  readonly #letters = new Map<string, number>()
  readonly #topics: readonly string[]
  /** Kinds of letters met so far, as `subscription kind`. */
  readonly #kinds = new Set<string>()
  #committed: ReadonlyMap<string, Readonly<Record<string, number>>> = new Map()

  constructor(log: Log, config: CompiledConfig, journal: Journal, brokers: readonly string[]) {
    this.#log = log
    this.#config = config
    this.#journal = journal
    this.#brokers = brokers
    this.#topics = [...config.streams.values()].flatMap((stream) => [...stream.topics.values()])
  }

  /** Who leads each partition of the events, by place. A client of its own each time, so that nothing old is told. */
  async leaders(): Promise<ReadonlyMap<string, Leadership>> {
    const admin = new Admin({ clientId: 'chaos', bootstrapBrokers: [...this.#brokers], timeout: 3_000, retries: 3 })
    try {
      const { topics } = await admin.metadata({ topics: [...this.#topics], forceUpdate: true })
      const places = [...topics].flatMap(([topic, { partitions }]) =>
        partitions.map(({ leader, isr }, index) => [placeOf(topic, index), { leader, inSync: isr }] as const),
      )
      return new Map(places)
    } finally {
      await admin.close().catch(() => {})
    }
  }

  /** Asks until the leaders are as wanted. @throws when that is not so after `limitMs` */
  async untilLeaders(
    what: string,
    isSo: (leaders: ReadonlyMap<string, Leadership>) => boolean,
    limitMs = 90_000,
  ): Promise<ReadonlyMap<string, Leadership>> {
    let last: ReadonlyMap<string, Leadership> | undefined
    const found = await until(limitMs, async () => {
      last = await this.leaders()
      return isSo(last) ? last : undefined
    })
    if (found !== undefined) return found
    const shown = JSON.stringify([...(last ?? [])])
    throw new Error(`Waited ${limitMs} ms for ${what}: ${shown}`)
  }

  /** Every copy of every partition is in sync again. */
  async untilInSync(): Promise<void> {
    await this.untilLeaders('all copies in sync', (leaders) =>
      [...leaders.values()].every(({ inSync }) => inSync.length === this.#brokers.length),
    )
  }

  /** Sets `max.message.bytes` of the dead topics; `undefined` gives them their default back. */
  async limitDeadTopics(bytes: number | undefined): Promise<void> {
    const admin = new Admin({ clientId: 'chaos', bootstrapBrokers: [...this.#brokers] })
    const name = 'max.message.bytes'
    const config =
      bytes === undefined
        ? { name, configOperation: 1 as const }
        : { name, configOperation: 0 as const, value: `${bytes}` }
    const resources = [...this.#config.subscriptions.values()].map(({ deadTopic }) => {
      return { resourceType: 2 as const, resourceName: deadTopic, configs: [config as never] }
    })
    try {
      await admin.incrementalAlterConfigs({ resources })
    } finally {
      await admin.close()
    }
  }

  /**
   * Writes down what is committed. First the positions are asked for and then all letters are read: what is committed past an event must
   * lie there by then.
   */
  async look(): Promise<void> {
    const subscriptions = [...this.#config.subscriptions.values()]
    const groups = await this.#log.admin.groups(subscriptions.map(({ group }) => group))
    const committed = new Map<string, Record<string, number>>()
    for (const { name, group } of subscriptions) {
      const positions = groups.find((each) => each.group === group)?.positions ?? []
      const entries = positions.map(({ topic, partition, offset }) => [placeOf(topic, partition), offset] as const)
      committed.set(name, Object.fromEntries(entries))
    }
    for (const { name, deadTopic } of subscriptions) await this.#readLetters(name, deadTopic)
    for (const [subscription, each] of committed)
      this.#journal.write({ what: 'positions', subscription, committed: each })
    this.#committed = committed
  }

  async #readLetters(subscription: string, topic: string): Promise<void> {
    const [partition] = await this.#log.admin.offsets([topic])
    let offset = this.#letters.get(topic) ?? 0
    while (offset < partition!.end) {
      const request = { topic, partition: 0, offset, maxBytes: 1 << 20, maxWaitMs: 1_000 }
      const { records, nextOffset } = await this.#log.read(request)
      for (const record of records) {
        const line = letterLine(subscription, record)
        this.#kinds.add(`${subscription} ${line.kind}`)
        this.#journal.write(line)
      }
      offset = nextOffset
      this.#letters.set(topic, offset)
    }
  }

  /** Whether letters of all these kinds lay in the dead topics at the last look, as `subscription kind`. */
  hasMet(kinds: readonly string[]): boolean {
    return kinds.every((kind) => this.#kinds.has(kind))
  }

  /** Ends of the partitions of the events. */
  async ends(): Promise<Readonly<Record<string, number>>> {
    const offsets = await until(120_000, () => this.#log.admin.offsets(this.#topics))
    if (offsets === undefined) throw new Error('The ends of the partitions could not be read for 120 s.')
    return Object.fromEntries(offsets.map(({ topic, partition, end }) => [placeOf(topic, partition), end]))
  }

  /** What is not committed up to `ends`, in words; undefined when all is. As of the last look. */
  behind(ends: Readonly<Record<string, number>>): string | undefined {
    const lags = [...this.#config.subscriptions.keys()].flatMap((name) =>
      Object.entries(ends).flatMap(([at, end]) => {
        const lag = end - (this.#committed.get(name)?.[at] ?? 0)
        return lag > 0 ? [`${name} ${at}: ${lag}`] : []
      }),
    )
    return lags.length === 0 ? undefined : lags.join(', ')
  }

  /** How far all groups are together. */
  get progress(): number {
    let sum = 0
    for (const each of this.#committed.values()) for (const offset of Object.values(each)) sum += offset
    return sum
  }
}

/** Asks until there is an answer that is not undefined; failures count as none. */
export async function until<T>(
  limitMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> {
  const deadline = machineTime() + limitMs
  do {
    const answer = await Promise.resolve(ask()).catch(() => undefined)
    if (answer !== undefined) return answer
    await sleep(systemClock, askAgainMs)
  } while (machineTime() < deadline)
  return undefined
}

function letterLine(subscription: string, { headers }: LogRecord) {
  const text = (name: string): string => headers.text(name) ?? ''
  return {
    what: 'letter',
    subscription,
    kind: text(deadHeaders.kind),
    reason: text(deadHeaders.reason),
    attempts: Number(text(deadHeaders.attempts)),
    id: text('ce_id'),
    at: placeOf(text(deadHeaders.topic), Number(text(deadHeaders.partition))),
    offset: Number(text(deadHeaders.offset)),
  } as const satisfies Line
}
