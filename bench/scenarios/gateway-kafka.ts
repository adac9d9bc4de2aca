/**
 * Single posts through the gateway into Kafka, beside an endpoint written by hand.
 * @module
 */
import { rateOf } from '../gateway/server.ts'
import { deleteTopicsOf } from '../kafka/topics.ts'
import { inTurns } from '../kafka/turns.ts'
import type { Round, Scenario } from '../scenario.ts'
import type { GatewaySide } from '../gateway/sides/index.ts'

export default {
  name: 'gateway-kafka',
  title: 'single posts into Kafka ÷ Fastify and kafkajs by hand',
  unit: '×',
  goal: { atLeast: 3 },
  how: 'wrk with one thread and 1,000 connections posts CloudEvents of 1 KiB for 6 s after a warm-up; three brokers on the same machine, replication factor 3, min ISR 2, both sides idempotent with acks=all',
  async measure(round) {
    const { veltrix, byHand } = await inTurns(round, {
      veltrix: () => rate(round, 'veltrix-kafka'),
      byHand: () => rate(round, 'fastify-kafkajs'),
    })
    return {
      value: veltrix / byHand,
      sides: { 'Veltrix gateway': veltrix, 'Fastify and kafkajs': byHand },
    }
  },
} satisfies Scenario

async function rate(round: Round, side: GatewaySide): Promise<number> {
  const measured = await rateOf(round, side, { connections: 1_000, batch: 1, seconds: round.quick ? 2 : 6 })
  await deleteTopicsOf(round.brokers, `${side}-${round.number}`)
  return measured
}
