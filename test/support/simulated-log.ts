/**
 * The whole transport contract in memory on a clock that may be virtual, with faults on demand: for tests of what stands on a log.
 *
 * `simulatedTransport({ clock })` alone behaves well and answers without time passing. Clients of one `cluster` share its state.
 * @module
 */
import {
  OffsetOutOfRange,
  type AppendOutcome,
  type AppendRecord,
  type Consumer,
  type ConsumeOptions,
  type FetchedBatch,
  type Log,
  type LogAdmin,
  type ReadRequest,
  type Transport,
} from '../../src/transport/index.ts'
import { SimulatedClient, Wire, type Reply } from './simulated-client.ts'
import { SimulatedCluster, type ClusterOptions } from './simulated-cluster.ts'
import { SimulatedConsumer, unavailable } from './simulated-consumer.ts'

export { SimulatedCluster } from './simulated-cluster.ts'
export { noFaults, type SimulatedFaults } from './simulated-faults.ts'

export interface SimulatedTransport extends Transport {
  readonly cluster: SimulatedCluster
  open(options: { clientId: string }): Promise<SimulatedLog>
}

/** A transport over `cluster`, or over a new one made of the other options. */
export function simulatedTransport(options: ClusterOptions | { cluster: SimulatedCluster }): SimulatedTransport {
  const cluster = 'cluster' in options ? options.cluster : new SimulatedCluster(options)
  return {
    name: 'simulated',
    features: cluster.features,
    cluster,
    open: async ({ clientId }) => new SimulatedLog(new SimulatedClient(cluster, clientId)),
  }
}

export class SimulatedLog implements Log {
  readonly client: SimulatedClient
  readonly admin: LogAdmin
  readonly consumers: SimulatedConsumer[] = []
  readonly #appends: Wire
  #closing: Promise<void> | undefined

  constructor(client: SimulatedClient) {
    this.client = client
    this.admin = adminOf(client)
    this.#appends = new Wire(client.cluster)
  }

  get features(): Log['features'] {
    return this.client.cluster.features
  }

  /** Like `kill -9` of the process holding this log. */
  crash(): void {
    this.client.crash()
  }

  append(records: readonly AppendRecord[]): Promise<readonly AppendOutcome[]> {
    return this.client.call((reply) => {
      const { cluster, id } = this.client
      const refused: AppendOutcome = { error: unavailable('append') }
      const fault = records.length > 0 ? cluster.faults.append?.(records, id) : undefined
      this.#appends.send(cluster.latency(), () => {
        if (this.client.state === 'crashed') return
        const stored = fault === 'refused' || fault === 'vanished' ? 0 : fault === 'partial' ? 1 : records.length
        const outcomes = records.map((record, index) => (index < stored ? cluster.store(id, record) : refused))
        this.client.later(cluster.latency(), () => {
          if (fault === 'unknown' || fault === 'vanished') reply.reject(unavailable('append'))
          else reply.resolve(outcomes)
        })
      })
    })
  }

  consume(options: ConsumeOptions): Promise<Consumer> {
    return this.client.call((reply) => {
      const consumer = new SimulatedConsumer(this.client, options)
      this.consumers.push(consumer)
      reply.resolve(consumer)
    })
  }

  read(from: ReadRequest): Promise<FetchedBatch> {
    return this.client.call<FetchedBatch>((reply) => {
      const { cluster, id } = this.client
      const fault = cluster.faults.read?.(from, id)
      this.client.later(cluster.latency() + (fault?.delayMs ?? 0), () => {
        if (fault?.unavailable) reply.reject(unavailable('read'))
        else readInto(cluster, from, reply)
      })
    }, from.signal)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    if (this.client.state === 'open') await Promise.allSettled(this.consumers.map((consumer) => consumer.close()))
    this.client.close()
  }
}

function readInto(cluster: SimulatedCluster, from: ReadRequest, reply: Reply<FetchedBatch>): void {
  const { topic, partition, offset, maxBytes, maxWaitMs } = from
  const deadline = cluster.clock.monotonic() + maxWaitMs
  let undo: (() => void) | undefined
  const look = (): void => {
    undo?.()
    if (!reply.open) return
    try {
      const stored = cluster.partition(topic, partition)
      if (offset > stored.end) {
        throw new OffsetOutOfRange(`Offset ${offset} of ${topic}/${partition} is above its end ${stored.end}.`)
      }
      const records = stored.from(offset, maxBytes)
      const leftMs = deadline - cluster.clock.monotonic()
      if (records.length > 0 || leftMs <= 0) {
        const nextOffset = (records.at(-1)?.offset ?? Math.max(offset, stored.earliest) - 1) + 1
        return reply.resolve({ topic, partition, records, nextOffset, endOffset: stored.end })
      }
      const forget = stored.onAppend(look)
      const timer = cluster.clock.setTimer(leftMs, look, { unref: true })
      undo = () => {
        forget()
        timer.cancel()
      }
    } catch (error) {
      reply.reject(error as Error)
    }
  }
  look()
}

function adminOf(client: SimulatedClient): LogAdmin {
  const { cluster } = client
  const call = <T>(act: () => T): Promise<T> =>
    client.call((reply) =>
      client.later(cluster.latency(), () => {
        try {
          reply.resolve(act())
        } catch (error) {
          reply.reject(error as Error)
        }
      }),
    )
  return {
    createTopics: (topics) => call(() => cluster.createTopics(topics)),
    topics: () => call(() => [...cluster.topics.values()].map((topic) => topic.spec)),
    deleteTopic: (name) => call(() => void cluster.topics.delete(name)),
    offsets: (topics) =>
      call(() =>
        topics.flatMap((topic) =>
          cluster.topic(topic).partitions.map((_, partition) => {
            const { earliest, end } = cluster.partition(topic, partition)
            return { topic, partition, earliest, end }
          }),
        ),
      ),
    groups: (names) => call(() => describeGroups(cluster, names)),
  }
}

function describeGroups(cluster: SimulatedCluster, names?: readonly string[]): Awaited<ReturnType<LogAdmin['groups']>> {
  return [...cluster.groups]
    .filter(([group]) => names?.includes(group) ?? true)
    .map(([group, { members, holdings, positions }]) => ({
      group,
      members: [...members].map((member) => ({
        clientId: member.client,
        partitions: holdings
          .filter((holding) => holding.member === member)
          .map(({ topic, partition }) => ({ topic, partition })),
      })),
      positions,
    }))
}
