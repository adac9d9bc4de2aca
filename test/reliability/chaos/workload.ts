/**
 * What runs while the cluster breaks: one stream with 200 keys, and two subscriptions. An event says itself how long its handlers take and how
 * many of its attempts are to fail, so that every worker handles it alike.
 * @module
 */
import { defineVeltrix, event } from '../../../src/index.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Random } from '../../support/scenario.ts'

export const attempts = 3
export const keyCount = 200
export const partitions = 6
/** Never handled, however often it is tried. */
export const always = 99

/** Payload of an event. */
export interface Step {
  readonly key: string
  readonly sequence: number
  /** How long a handler takes, milliseconds. */
  readonly ms: number
  /** So many of its first attempts fail. */
  readonly fails: { readonly billing: number; readonly ledger: number }
  readonly filler: string
}

// The rig publishes nothing else, so there is nothing to refuse.
const step: StandardSchemaV1<Step, Step> = {
  '~standard': { version: 1, vendor: 'veltrix-chaos', validate: (value) => ({ value: value as Step }) },
}

const retry = { attempts, backoff: '50ms..200ms' } as const
// Failures are planned; an outage would only hide them.
const breaker = { minKeys: 20, failingShare: 1 }

/** The typed file of one run. @param sessionMs of the workers */
export function workload(app: string, sessionMs: number) {
  return defineVeltrix({
    app,
    lanes: { only: {} },
    streams: { steps: { key: 'key', partitions, events: { step: event(step, { lane: 'only' }) } } },
    subscriptions: {
      billing: { events: ['step'], concurrency: 128, retry, breaker },
      ledger: { events: ['step'], concurrency: 128, retry, breaker, onDeadLetter: 'park-key' },
    },
    worker: { sessionTimeout: `${sessionMs}ms` },
  })
}

export const subscriptions = [
  { name: 'billing', attempts, policy: 'continue', effects: true },
  { name: 'ledger', attempts, policy: 'park-key', effects: false },
] as const

export interface Mix {
  /** Share of events whose handlers take `slowMs`. */
  readonly slowShare: number
  readonly slowMs: number
}

/** Draws events: some fail once or twice, a few for good. In `ledger` only the last ten keys do, or soon all would be parked. */
export function drawStep(random: Random, key: number, sequence: number, { slowShare, slowMs }: Mix): Step {
  const failures = (dead: number): number => {
    if (random.chance(dead)) return always
    return random.chance(0.03) ? random.int(1, attempts - 1) : 0
  }
  return {
    key: keyName(key),
    sequence,
    ms: random.chance(slowShare) ? slowMs : random.int(0, 10),
    fails: { billing: failures(0.003), ledger: failures(key >= keyCount - 10 ? 0.02 : 0) },
    filler: filler.slice(0, random.int(200, 800)),
  }
}

const filler = 'x'.repeat(800)

export function keyName(key: number): string {
  return `k${key.toString().padStart(3, '0')}`
}
