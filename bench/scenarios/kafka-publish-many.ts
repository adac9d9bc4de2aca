/**
 * Kafka: `publishMany`, beside the client it stands on sending batches.
 * @module
 */
import { published } from '../kafka/published.ts'
import { inTurns } from '../kafka/turns.ts'
import { sized, type Scenario } from '../scenario.ts'

export default {
  name: 'kafka-publish-many',
  title: '`publishMany` ÷ @platformatic/kafka in batches',
  unit: '×',
  goal: { atLeast: 0.9 },
  how: '200,000 events of 1 KiB, the same keys and partitions, idempotent, acks=all, from the first call to the last answer; Veltrix in one call with maxBatchEvents 5,000 (events validated, CloudEvents headers of some 200 bytes added), @platformatic/kafka in batches of 5,000, its best of 1,000 to 10,000 (JSON serialiser, no headers)',
  async measure(round) {
    const work = {
      job: 'publishMany',
      events: sized(round, 200_000),
      warmUp: sized(round, 50_000),
      callers: 1,
    } as const
    const { veltrix, raw } = await inTurns(round, {
      veltrix: () => published(round, 'veltrix', work),
      raw: () => published(round, 'raw', work),
    })
    return {
      value: veltrix.rate / raw.rate,
      sides: { 'Veltrix `publishMany`': veltrix.rate, '@platformatic/kafka batches': raw.rate },
    }
  },
} satisfies Scenario
