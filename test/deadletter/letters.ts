/**
 * Letters, subscriptions and logs for the tests of dead letters.
 * @module
 */
import { z } from 'zod'
import type { CompiledConfig, CompiledSubscription } from '../../src/config/index.ts'
import {
  auditRecord,
  deadLetterTopics,
  letterId,
  letterRecord,
  type AuditEntry,
  type Letter,
} from '../../src/deadletter/index.ts'
import { encodeEvent } from '../../src/event/index.ts'
import { VirtualClock } from '../../src/testing/clock.ts'
import type { AppendRecord, Log, LogRecord, RecordHeaders } from '../../src/transport/index.ts'
import { simulatedTransport } from '../support/simulated-log.ts'

export const topic = 'shop.orders.standard'

/** A compiled subscription, as far as dead letters ask. */
export function subscription(policy: 'continue' | 'park-key' = 'park-key', name = 'billing'): CompiledSubscription {
  return {
    name,
    onDeadLetter: policy,
    deadTopic: `shop.${name}.dead`,
    auditTopic: `shop.${name}.dead.audit`,
    deadRetentionMs: Infinity,
    deadSettings: {},
    topics: [{ topic, stream: 'orders', lane: 'standard' }],
  } as unknown as CompiledSubscription
}

export function configOf(...subs: CompiledSubscription[]): CompiledConfig {
  const streams = new Map([['orders', { settings: {} }]])
  const events = new Map([['order.placed', orderPlaced]])
  const publisher = { maxEventBytes: 100_000 }
  return {
    events,
    publisher,
    streams,
    subscriptions: new Map(subs.map((sub) => [sub.name, sub])),
  } as unknown as CompiledConfig
}

const order = z.object({
  orderId: z.string(),
  total: z.number().optional(),
  card: z.string().optional(),
  cards: z.array(z.object({ owner: z.string(), number: z.string() })).optional(),
})

const orderPlaced = {
  type: 'order.placed',
  schema: order,
  key: (data: unknown) => (data as z.infer<typeof order>).orderId,
  secret: ['card', 'cards.number'],
}

export function headersOf(pairs: readonly (readonly [string, Uint8Array | string])[]): RecordHeaders {
  const bytes = pairs.map(([name, value]) => [name, typeof value === 'string' ? Buffer.from(value) : value] as const)
  const get = (name: string): Uint8Array | undefined => bytes.findLast((pair) => pair[0] === name)?.[1]
  return {
    get,
    text: (name) => {
      const value = get(name)
      return value && Buffer.from(value).toString()
    },
    [Symbol.iterator]: () => bytes[Symbol.iterator](),
  }
}

/** What lies in the log after `record` was appended at `offset`. */
export function stored(record: AppendRecord, offset: number): LogRecord {
  return { ...record, offset, headers: headersOf(record.headers), bytes: record.value?.length ?? 0 }
}

/** The record of an event `order.placed` with id `e<offset>`. */
export function eventRecord(offset: number, key = 'k'): LogRecord {
  const encoded = encodeEvent({
    id: `e${offset}`,
    source: '/shop',
    type: 'order.placed',
    time: '2026-01-01T00:00:00.000Z',
    key,
    data: { orderId: key },
    extensions: {},
  })
  return { ...encoded, offset, headers: headersOf(encoded.headers), bytes: encoded.value.length }
}

/** Letter of the event at `offset`, kept at second `at`. */
export function letter(offset: number, more: Partial<Letter> & { key?: string; at?: number } = {}): Letter {
  const { key = 'k', at = offset, ...rest } = more
  const kind = rest.kind ?? 'dead'
  return {
    subscription: 'billing',
    kind,
    reason: kind === 'dead' ? 'attempts-exhausted' : 'parked-behind',
    ...(kind === 'dead' && { error: new Error(`no luck with ${offset}`) }),
    attempts: kind === 'dead' ? 5 : 0,
    firstAttemptAt: kind === 'dead' ? at * 1000 : 0,
    lastAttemptAt: kind === 'dead' ? at * 1000 + 500 : 0,
    deadAt: at * 1000 + 600,
    origin: { topic, partition: 0, offset },
    lane: 'standard',
    stream: 'orders',
    record: eventRecord(offset, key),
    ...rest,
  }
}

export function idOf(offset: number): string {
  return letterId({ topic, partition: 0, offset })
}

export interface Bench {
  readonly log: Log
  readonly clock: VirtualClock
  readonly sub: CompiledSubscription
  keep(...letters: Letter[]): Promise<void>
  /** Writes an audit entry about the letters at these offsets of the topic. */
  say(action: AuditEntry['action'], offsets: readonly number[], more?: Partial<AuditEntry>): Promise<void>
}

/** A log with the topics of one subscription. */
export async function bench(sub = subscription(), open?: (clock: VirtualClock) => Promise<Log>): Promise<Bench> {
  const clock = new VirtualClock({ startAt: 5_000_000 })
  const log = await (open?.(clock) ?? simulatedTransport({ clock }).open({ clientId: 'test' }))
  await log.admin.createTopics(deadLetterTopics(configOf(sub)))
  return {
    log,
    clock,
    sub,
    keep: async (...letters) => {
      const outcomes = await log.append(letters.map((one) => letterRecord(sub, one)))
      for (const outcome of outcomes) if ('error' in outcome) throw outcome.error
    },
    say: async (action, offsets, more) => {
      const [dead] = await log.admin.offsets([sub.deadTopic])
      const entry: AuditEntry = {
        action,
        letters: offsets.map(idOf),
        by: 'worker',
        at: clock.now(),
        seen: dead!.end,
        ...more,
      }
      await log.append([auditRecord(sub, entry)])
    },
  }
}
