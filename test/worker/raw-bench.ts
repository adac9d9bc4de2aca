/**
 * A worker on a simulated log that does not remember ids, with records of any shape, and time in the test's hand.
 * @module
 */
import { onTestFinished } from 'vitest'
import { channelOf, type ChannelMessages, type ChannelName } from '../../src/channels.ts'
import { compile, type CompiledConfig } from '../../src/config/index.ts'
import { DeadLetters } from '../../src/deadletter/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import type { AppendRecord, Log } from '../../src/transport/index.ts'
import { Worker } from '../../src/worker/index.ts'
import type { SimulatedFaults } from '../support/simulated-faults.ts'
import { simulatedTransport, type SimulatedCluster, type SimulatedLog } from '../support/simulated-log.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'

export const topic = 'app.s.only'

const anything: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}

export interface BenchOptions {
  readonly subscription?: object
  readonly stream?: object
  readonly worker?: object
  readonly events?: Readonly<Record<string, object>>
  readonly faults?: SimulatedFaults
  /** What stands between a worker and the log. */
  readonly log?: (log: Log) => Log
}

export function configOf({ subscription, stream, worker, events }: BenchOptions): CompiledConfig {
  return compile({
    app: 'app',
    lanes: { only: {} },
    streams: { s: { partitions: 1, events: events ?? { step: stepEvent() }, ...stream } },
    subscriptions: { sub: { events: ['step'], retry: { attempts: 2, backoff: '1ms..2ms' }, ...subscription } },
    worker: { revokeTimeout: '200ms', sessionTimeout: '1s', ...worker },
    transport: 'embedded',
  } as never)
}

export function stepEvent(schema: StandardSchemaV1 = anything): object {
  return { schema, lane: 'only', key: (data: { key?: string }) => data.key ?? 'k' }
}

/** @param earlier goes on with the log of an earlier bench */
export async function rawBench(options: BenchOptions = {}, earlier?: SimulatedCluster) {
  const config = configOf(options)
  const sub = config.subscriptions.get('sub')!
  const clock = (earlier?.clock as VirtualClock | undefined) ?? new VirtualClock({ turns: 0 })
  const fresh = { clock, latency: () => 1, features: { dedupeWindowMs: 0 }, faults: options.faults }
  const transport = simulatedTransport(earlier ? { cluster: earlier } : fresh)
  const { cluster } = transport
  const keep = { retentionMs: Infinity, retentionBytes: Infinity }
  cluster.createTopics([{ name: topic, partitions: 1, ...keep }])
  cluster.createTopics([sub.deadTopic, sub.auditTopic].map((name) => ({ name, partitions: 1, ...keep })))
  const log = await transport.open({ clientId: 'test' })
  const opened: SimulatedLog[] = [log]
  onTestFinished(() => opened.forEach((each) => each.crash()))
  let workers = 0
  return {
    sub,
    clock,
    cluster,
    desk: new DeadLetters({ log, config, clock, by: 'desk' }),
    append: (...records: AppendRecord[]) => inTime(clock, log.append(records)),
    /** A worker, and its log, which can crash. */
    start: async (handle: (worker: Worker) => void) => {
      const own = await transport.open({ clientId: `w${++workers}` })
      opened.push(own)
      const worker = new Worker({ config, log: options.log?.(own) ?? own, clock, random: () => 0 })
      handle(worker)
      void worker.start()
      return { worker, log: own, stop: () => inTime(clock, worker.stop()) }
    },
    /** Until everything up to `offset` is committed. */
    committed: (offset: number) =>
      clock.runUntil(() => cluster.group(sub.group).positions.some((position) => position.offset >= offset)),
    inTime: <T>(promise: Promise<T>) => inTime(clock, promise),
  }
}

/** An event as a client writes it. */
export function eventRecord(id: string, key = 'a', data: unknown = {}, type = 'step'): AppendRecord {
  const attributes = { specversion: '1.0', id, source: '/t', type, time: '2026-01-01T00:00:00Z' }
  const headers = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value] as const)
  return rawRecord(Buffer.from(key), Buffer.from(JSON.stringify(data)), [
    ...headers,
    ['content-type', 'application/json'],
  ])
}

export function rawRecord(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: AppendRecord['headers'] = [],
): AppendRecord {
  return { topic, partition: 0, key, value, headers, timestamp: 1_700_000_000_000 }
}

/** Collects what a channel says, until the test ends. */
export function listenTo<Name extends ChannelName>(name: Name): ChannelMessages[Name][] {
  const heard: ChannelMessages[Name][] = []
  const listen = (message: unknown): void => void heard.push(message as ChannelMessages[Name])
  channelOf(name).subscribe(listen)
  onTestFinished(() => void channelOf(name).unsubscribe(listen))
  return heard
}

async function inTime<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let ended = false
  const end = (): void => {
    ended = true
  }
  promise.then(end, end)
  await clock.runUntil(() => ended)
  return promise
}
