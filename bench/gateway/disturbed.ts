/**
 * How much longer clients wait while something disturbs the gateway: calm and disturbed turns alternate, so that what else the machine
 * does falls on both.
 * @module
 */
import type { Round } from '../scenario.ts'
import { median, percentile } from '../statistics.ts'
import { pacedLatencies } from './paced-posts.ts'
import { serve } from './server.ts'

const turns = 3

export interface Disturbed {
  /** p99 without and with it, milliseconds: medians of the turns. */
  readonly calmMs: number
  readonly disturbedMs: number
  readonly rssBytes: number
}

/**
 * 100 critical posts a second to a gateway with lanes.
 * @param disturb begins the disturbance; what it resolves to ends it
 * @param seconds of one turn
 */
export async function disturbed(
  round: Round,
  seconds: number,
  disturb: (url: string, turn: number) => Promise<() => Promise<unknown>>,
): Promise<Disturbed> {
  const server = await serve(round, 'veltrix-lanes')
  const paced = { url: server.url, type: 'thing.needed', perSecond: 100, seconds }
  const p99 = async (ids: string): Promise<number> => percentile(await pacedLatencies({ ...paced, ids }), 0.99)
  const calm: number[] = []
  const under: number[] = []
  try {
    await pacedLatencies({ ...paced, ids: 'warm', seconds: 1 })
    for (let turn = 0; turn < turns; turn++) {
      calm.push(await p99(`calm-${turn}`))
      const end = await disturb(server.url, turn)
      under.push(await p99(`disturbed-${turn}`))
      await end()
    }
    const { rssBytes } = await server.state()
    return { calmMs: median(calm), disturbedMs: median(under), rssBytes }
  } finally {
    await server.end()
  }
}
