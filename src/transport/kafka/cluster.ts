/**
 * What is known of the cluster: brokers, topics, who leads which partition. Asked for again when an answer says it is out of date.
 * @module
 */
import type { MetadataResponse, MetadataResponseTopic } from './answers.ts'
import { sleep, type Clock } from '../../clock.ts'
import { LogUnavailable, NotAuthenticated, TopicUnknown } from '../index.ts'
import type { Needs } from './access.ts'
import { answerOf, errorOfCode, isTimeout, reasonOf, toTransportError } from './broker-errors.ts'
import type { Client, Connection } from './client.ts'
import { Connections, type Address } from './connections.ts'
import { code } from './error-codes.ts'
import { firstAnswer, NoAnswer } from './first-answer.ts'
import type { CompiledOptions } from './options.ts'
import { Negotiation } from './requests.ts'

export interface Broker extends Address {
  readonly nodeId: number
}

/** A topic as the cluster describes it. */
export interface TopicPlaces {
  readonly id: string
  /** Node that leads each partition; -1 when none does at the moment. */
  readonly leaders: readonly number[]
  /** Counts the leaders a partition has had. */
  readonly epochs: readonly number[]
  readonly isInternal: boolean
}

/** A broker that is silent for so long is not waited for alone. */
const patienceMs = 1_000

export class Cluster {
  readonly client: Client
  readonly options: CompiledOptions
  readonly clock: Clock
  readonly connections: Connections
  readonly negotiation: Negotiation
  readonly #topics = new Map<string, TopicPlaces>()
  /** Topics that the brokers keep from this client. */
  readonly #hidden = new Set<string>()
  /** Brokers that let a question wait, and answered none since: they are asked last. */
  readonly #silent = new Set<string>()
  #brokers = new Map<number, Broker>()
  #controllerId = -1
  /** Topics of the request that will be sent next, and who waits for it. */
  #wanted: { readonly names: Set<string>; readonly answered: Promise<void> } | undefined

  constructor(client: Client, options: CompiledOptions, clock: Clock, clientId: string) {
    this.client = client
    this.options = options
    this.clock = clock
    this.connections = new Connections(client, options, clock, clientId)
    this.negotiation = new Negotiation(client)
  }

  /** Who this client is to the brokers, where that is known. */
  get user(): string | undefined {
    return this.connections.user
  }

  get brokers(): readonly Broker[] {
    return [...this.#brokers.values()]
  }

  broker(nodeId: number): Broker | undefined {
    return this.#brokers.get(nodeId)
  }

  topic(name: string): TopicPlaces | undefined {
    return this.#topics.get(name)
  }

  leaderOf(topic: string, partition: number): Broker | undefined {
    return this.#brokers.get(this.#topics.get(topic)?.leaders[partition] ?? -1)
  }

  /** Who takes changes of topics. Since KRaft any broker does, and names itself here. */
  get controller(): Broker | undefined {
    return this.#brokers.get(this.#controllerId)
  }

  /** Asks about these topics again. Calls of one moment become one request. */
  refresh(topics: Iterable<string>): Promise<void> {
    if (this.#wanted === undefined) {
      const names = new Set<string>()
      const answered = Promise.resolve().then(() => {
        this.#wanted = undefined
        return this.#refresh(names)
      })
      this.#wanted = { names, answered }
    }
    for (const topic of topics) this.#wanted.names.add(topic)
    return this.#wanted.answered
  }

  /** Every topic of the cluster. */
  async refreshAll(): Promise<ReadonlyMap<string, TopicPlaces>> {
    const answer = await this.askAny('list topics', (connection) => this.#metadata(connection, null))
    this.#topics.clear()
    this.#take(answer)
    return this.#topics
  }

  /** What one broker says about topics; brokers hear of changes one after the other. */
  async asSeenBy(broker: Broker, topics: readonly string[]): Promise<ReadonlyMap<string, TopicPlaces>> {
    const answer = await this.#metadata(await this.connections.shared(broker), topics)
    return new Map(answer.topics.filter(exists).map((topic) => [topic.name!, placesOf(topic)]))
  }

  /**
   * The topic, which a broker may not know yet when it was made a moment ago.
   * @throws TopicUnknown, NotAuthorized
   */
  async known(topic: string, partition: number): Promise<TopicPlaces> {
    for (let attempt = 0; ; attempt++) {
      const places = this.#topics.get(topic)
      if (places !== undefined && partition >= 0 && partition < places.leaders.length) return places
      if (attempt === 2) throw places === undefined ? this.missing(topic) : new TopicUnknown(`${topic}/${partition}`)
      if (attempt === 1) await sleep(this.clock, this.options.retryBackoffMs)
      await this.refresh([topic])
    }
  }

  /** Whether the brokers keep a topic from this client, be it there or not. */
  isHidden(topic: string): boolean {
    return this.#hidden.has(topic)
  }

  /** Why nothing is known of a topic that was asked for. */
  missing(topic: string): Error {
    if (!this.#hidden.has(topic)) return new TopicUnknown(topic)
    const needs: Needs = { user: this.user, topic: ['Describe', topic] }
    return errorOfCode(code.topicNotAuthorized, `use the topic "${topic}"`, { needs })
  }

  /** Asks a certain broker something short. */
  async ask<Answer>(broker: Broker, doing: string, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      return await ask(await this.connections.shared(broker))
    } catch (error) {
      throw this.#located(error, doing, broker)
    }
  }

  /** Asks whichever broker answers, the known ones first. */
  async askAny<Answer>(
    doing: string,
    ask: (connection: Connection) => Promise<Answer>,
    needs: Needs = {},
  ): Promise<Answer> {
    const known = shuffled(this.brokers).toSorted((a, b) => this.#order(a) - this.#order(b))
    try {
      return await firstAnswer(this.clock, [...known, ...this.options.brokers], patienceMs, {
        ask: (address) => this.#askAt(address, ask),
        isFinal: (error) => (error as { errors?: unknown }).errors !== undefined,
        silent: (address) => this.#silent.add(`${address.host}:${address.port}`),
      })
    } catch (error) {
      if (error instanceof NoAnswer) throw this.#noAnswer(error.failures as readonly Unreached[], doing)
      throw toTransportError(error, doing, { user: this.user, ...needs })
    }
  }

  async #askAt<Answer>(address: Address, ask: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const where = `${address.host}:${address.port}`
    let connection: Connection | undefined
    try {
      connection = await this.connections.shared(address)
      const answer = await ask(connection)
      this.#silent.delete(where)
      return answer
    } catch (error) {
      if ((error as { errors?: unknown }).errors !== undefined) throw error
      const told = (connection && this.connections.troubleOf(connection, address)) ?? (error as Error)
      throw new Unreached(`${where}: ${this.#reason(told)}`, { cause: told })
    }
  }

  #order({ host, port }: Address): number {
    return this.#silent.has(`${host}:${port}`) ? 1 : 0
  }

  #noAnswer(unreached: readonly Unreached[], doing: string): Error {
    // One broker may be wrong while the others are down: what it says is the better hint.
    const refusal = unreached.find(({ cause }) => cause instanceof NotAuthenticated)
    if (refusal !== undefined) return refusal.cause as Error
    const reasons = new Set(unreached.map(({ message }) => message))
    const cause = unreached.at(-1)?.cause
    return new LogUnavailable(`Could not ${doing}: no broker answers. ${[...reasons].join(' ')}`, { cause })
  }

  close(): Promise<void> {
    return this.connections.close()
  }

  async #refresh(names: ReadonlySet<string>): Promise<void> {
    const answer = await this.askAny('ask for the leaders of partitions', (connection) =>
      this.#metadata(connection, [...names]),
    )
    this.#take(answer)
  }

  async #metadata(connection: Connection, topics: readonly string[] | null): Promise<MetadataResponse> {
    const request = await this.negotiation.pick(connection, 'Metadata')
    return answerOf(request.async(connection, topics === null ? null : [...topics], false, false))
  }

  #take(answer: MetadataResponse): void {
    if (answer.brokers.length > 0) this.#brokers = new Map(answer.brokers.map((broker) => [broker.nodeId, broker]))
    this.#controllerId = answer.controllerId
    for (const topic of answer.topics) {
      if (topic.errorCode === code.topicNotAuthorized) this.#hidden.add(topic.name!)
      else this.#hidden.delete(topic.name!)
      if (exists(topic)) this.#topics.set(topic.name!, newer(placesOf(topic), this.#topics.get(topic.name!)))
      else if (topic.errorCode === code.unknownTopic) this.#topics.delete(topic.name!)
    }
  }

  #located(error: unknown, doing: string, { host, port }: Address): Error {
    if (!isTimeout(this.client, error)) return toTransportError(error, `${doing} (${host}:${port})`)
    return new LogUnavailable(`Could not ${doing}: ${host}:${port} did not answer in time.`, { cause: error })
  }

  #reason(error: unknown): string {
    return isTimeout(this.client, error)
      ? 'no answer in time. Is it a broker, and does it speak TLS (kafka({ ssl }))?'
      : reasonOf(error)
  }
}

/** Why one broker gave no answer. */
class Unreached extends Error {}

function exists(topic: MetadataResponseTopic): boolean {
  return topic.name != null && (topic.errorCode === code.none || topic.partitions.length > 0)
}

function placesOf({ topicId, partitions, isInternal }: MetadataResponseTopic): TopicPlaces {
  const leaders: number[] = Array.from({ length: partitions.length }, () => -1)
  const epochs = [...leaders]
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
    leaders[partitionIndex] = leaderId
    epochs[partitionIndex] = leaderEpoch
  }
  return { id: topicId, leaders, epochs, isInternal }
}

/** `places`, but for partitions of which `before` knows a later leader: a broker that stood still does not know yet that it lost them. */
function newer(places: TopicPlaces, before: TopicPlaces | undefined): TopicPlaces {
  if (before?.id !== places.id) return places
  const isOld = (partition: number): boolean => (before.epochs[partition] ?? -1) > places.epochs[partition]!
  if (!places.epochs.some((_, partition) => isOld(partition))) return places
  return {
    ...places,
    leaders: places.leaders.map((leader, partition) => (isOld(partition) ? before.leaders[partition]! : leader)),
    epochs: places.epochs.map((epoch, partition) => (isOld(partition) ? before.epochs[partition]! : epoch)),
  }
}

/** So that not every client asks the same broker. Any start will do; nothing here needs chance. */
function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  const start = items.length === 0 ? 0 : turn++ % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

let turn = 0
