/**
 * Single posts through the gateway, beside servers that store nothing.
 * @module
 */
import { rateOf } from '../gateway/server.ts'
import { inTurns } from '../kafka/turns.ts'
import type { Scenario } from '../scenario.ts'

export default {
  name: 'gateway-single',
  title: 'single posts, 1,000 connections, durable ÷ the same server without storing',
  unit: '×',
  goal: { atLeast: 0.5 },
  further: [{ title: 'single posts, durable', goal: { atLeast: 8_000 }, unit: 'events/s', part: 'durable, events/s' }],
  how: 'wrk with one thread and 1,000 connections posts CloudEvents of 1 KiB in binary mode, each with its own id, for 6 s after a warm-up; server and wrk share the machine',
  async measure(round) {
    const load = { connections: 1_000, batch: 1, seconds: round.quick ? 2 : 6 }
    const rates = await inTurns(round, {
      veltrix: () => rateOf(round, 'veltrix', load),
      without: () => rateOf(round, 'veltrix-without-log', load),
      bare: () => rateOf(round, 'fastify', load),
    })
    return {
      value: rates.veltrix / rates.without,
      parts: { 'durable, events/s': rates.veltrix, 'durable ÷ bare Fastify': rates.veltrix / rates.bare },
      sides: {
        'Veltrix gateway, durable': rates.veltrix,
        'the same gateway without a log': rates.without,
        'bare Fastify, JSON only': rates.bare,
      },
    }
  },
} satisfies Scenario
