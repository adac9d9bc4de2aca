/**
 * Batches through the gateway.
 * @module
 */
import { rateOf } from '../gateway/server.ts'
import { inTurns } from '../kafka/turns.ts'
import type { Scenario } from '../scenario.ts'

export default {
  name: 'gateway-batch',
  title: 'batches of 100, durable',
  unit: 'events/s',
  goal: { atLeast: 60_000 },
  how: 'wrk with one thread and 32 connections posts batches of 100 CloudEvents of 1 KiB, each with its own id, for 6 s after a warm-up',
  async measure(round) {
    const load = { connections: 32, batch: 100, seconds: round.quick ? 2 : 6 }
    const rates = await inTurns(round, {
      veltrix: () => rateOf(round, 'veltrix', load),
      without: () => rateOf(round, 'veltrix-without-log', load),
      bare: () => rateOf(round, 'fastify', load),
    })
    return {
      value: rates.veltrix,
      sides: {
        'Veltrix gateway, durable': rates.veltrix,
        'the same gateway without a log': rates.without,
        'bare Fastify, JSON only': rates.bare,
      },
    }
  },
} satisfies Scenario
