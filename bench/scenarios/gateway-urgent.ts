/**
 * How long critical events wait for their answer while a flood of bulk events is at the same gateway.
 * @module
 */
import { disturbed } from '../gateway/disturbed.ts'
import { sent } from '../gateway/wrk.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'

export default {
  name: 'gateway-urgent',
  title: 'critical p99 in a flood of bulk posts ÷ unloaded',
  unit: '×',
  goal: { atMost: 2 },
  how: '100 critical posts a second at an even pace, each counted from its turn to its answer (an open loop); the flood is wrk with 1,000 connections, which ask again as soon as they are answered or refused; in turns, medians; server, both loads and the log share the cores',
  async measure(round) {
    const seconds = round.quick ? 2 : 8
    const rates: number[] = []
    const { calmMs, disturbedMs } = await disturbed(round, seconds, (url, turn) => {
      const flood = sent({
        url, connections: 1_000, seconds: seconds + 1, batch: 1, ids: `flood-${turn}`, type: 'thing.exported',
      }) // prettier-ignore
      return Promise.resolve(async () => {
        const { requests, durationUs, failed } = await flood
        rates.push((requests - failed) / (durationUs / 1e6))
      })
    })
    return {
      value: disturbedMs / calmMs,
      parts: { 'unloaded p99, ms': calmMs, 'flooded p99, ms': disturbedMs, 'bulk events/s': median(rates) },
    }
  },
} satisfies Scenario
