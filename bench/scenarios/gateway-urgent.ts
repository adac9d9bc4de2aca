/**
 * How long critical events wait for their answer while a flood of bulk events is at the same gateway.
 * @module
 */
import { pacedLatencies } from '../gateway/paced-posts.ts'
import { serve } from '../gateway/server.ts'
import { sent } from '../gateway/wrk.ts'
import type { Scenario } from '../scenario.ts'
import { median, percentile } from '../statistics.ts'

const turns = 3
const type = 'thing.needed'

export default {
  name: 'gateway-urgent',
  title: 'critical p99 in a flood of bulk posts ÷ unloaded',
  unit: '×',
  goal: { atMost: 2 },
  how: '100 critical posts a second at an even pace, each counted from its turn to its answer (an open loop); the flood is wrk with 1,000 connections, which ask again as soon as they are answered or refused; in turns, medians; server, both loads and the log share the cores',
  async measure(round) {
    const server = await serve(round, 'veltrix-lanes')
    const paced = { url: server.url, type, perSecond: 100, seconds: round.quick ? 2 : 8 }
    const p99 = async (ids: string): Promise<number> => percentile(await pacedLatencies({ ...paced, ids }), 0.99)
    const unloaded: number[] = []
    const loaded: number[] = []
    const rates: number[] = []
    try {
      await pacedLatencies({ ...paced, ids: 'warm', seconds: 1 })
      for (let turn = 0; turn < turns; turn++) {
        unloaded.push(await p99(`calm-${turn}`))
        const flood = sent({
          url: server.url, connections: 1_000, seconds: paced.seconds + 1, batch: 1, ids: `flood-${turn}`, type: 'thing.exported',
        }) // prettier-ignore
        loaded.push(await p99(`flooded-${turn}`))
        const { requests, durationUs, failed } = await flood
        rates.push((requests - failed) / (durationUs / 1e6))
      }
      return {
        value: median(loaded) / median(unloaded),
        parts: {
          'unloaded p99, ms': median(unloaded),
          'flooded p99, ms': median(loaded),
          'bulk events/s': median(rates),
        },
      }
    } finally {
      await server.end()
    }
  },
} satisfies Scenario
