/**
 * An application on a real cluster, each test's its own by its name.
 */
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { compile, event, type CompiledConfig } from '../../src/config/index.ts'
import { apply, nothingAllowed, type ApplyOptions, type Allowances } from '../../src/topology/index.ts'
import type { Step } from '../../src/topology/change.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import type { Log } from '../../src/transport/index.ts'

export interface ShopOptions {
  readonly app: string
  readonly stream?: object
  readonly topics?: object
  readonly schema?: z.ZodType
  readonly subscriptions?: readonly string[]
}

export const order = z.object({ orderId: z.string() })

export function shopConfig({
  app,
  stream,
  topics,
  schema = order,
  subscriptions = ['billing'],
}: ShopOptions): CompiledConfig {
  return compile({
    app,
    lanes: { urgent: {}, standard: {} },
    streams: {
      orders: { key: 'orderId', partitions: 2, ...stream, events: { 'order.placed': event(schema as never) } },
    },
    subscriptions: Object.fromEntries(subscriptions.map((name) => [name, { events: ['order.placed'] }])),
    topics: topics ?? {},
  })
}

export function openLog(brokers: readonly string[], clientId = 'test'): Promise<Log> {
  return kafka({ brokers, heartbeatInterval: 200 }).open({ clock: systemClock, clientId })
}

export interface Outcome {
  readonly steps: readonly string[]
  readonly outcome: string
}

/** Applies without asking; sessions are as short as the test's brokers allow. */
export async function applied(
  log: Log,
  config: CompiledConfig,
  more: Partial<Omit<ApplyOptions, 'allowed'>> & { allowed?: Partial<Allowances> } = {},
): Promise<Outcome> {
  const steps: Step[] = []
  const { outcome } = await apply({
    log,
    config,
    clock: systemClock,
    by: 'test',
    lockSessionMs: 2_000,
    lockTimeoutMs: 20_000,
    confirm: async () => true,
    done: (step) => steps.push(step),
    ...more,
    allowed: { ...nothingAllowed, ...more.allowed },
  })
  return { steps: steps.map(({ symbol, subject, what }) => `${symbol} ${subject}: ${what}`), outcome }
}
