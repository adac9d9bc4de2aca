/**
 * How long good clients wait while others mean harm.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pacedLatencies } from '../gateway/paced-posts.ts'
import { serve } from '../gateway/server.ts'
import type { Scenario } from '../scenario.ts'
import { median, percentile } from '../statistics.ts'

const turns = 3

export default {
  name: 'gateway-attacked',
  title: 'p99 of good clients under attack ÷ without',
  unit: '×',
  goal: { atMost: 1.5 },
  how: '100 posts a second at an even pace, each counted from its turn to its answer; the attack is 500 sockets that send a byte a second, and 50 hostile requests a second in turns (a gzip bomb of 64 MiB, 100,000 levels, 300,000 fields, two lengths); in turns, medians; attacker and gateway share the cores',
  async measure(round) {
    const server = await serve(round, 'veltrix-lanes')
    const paced = { url: server.url, type: 'thing.needed', perSecond: 100, seconds: round.quick ? 2 : 6 }
    const p99 = async (ids: string): Promise<number> => percentile(await pacedLatencies({ ...paced, ids }), 0.99)
    const calm: number[] = []
    const attacked: number[] = []
    try {
      await pacedLatencies({ ...paced, ids: 'warm', seconds: 1 })
      for (let turn = 0; turn < turns; turn++) {
        calm.push(await p99(`calm-${turn}`))
        const attacker = fork(join(import.meta.dirname, '..', 'gateway', 'attack-child.ts'))
        attacker.send({ port: Number(new URL(server.url).port) })
        await once(attacker, 'message')
        attacked.push(await p99(`attacked-${turn}`))
        attacker.kill('SIGKILL')
        await once(attacker, 'exit')
      }
      const { rssBytes } = await server.state()
      return {
        value: median(attacked) / median(calm),
        parts: {
          'calm p99, ms': median(calm),
          'attacked p99, ms': median(attacked),
          'gateway memory after, MB': rssBytes / 1e6,
        },
      }
    } finally {
      await server.end()
    }
  },
} satisfies Scenario
