/**
 * How long good clients wait while others mean harm.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { disturbed } from '../gateway/disturbed.ts'
import type { Scenario } from '../scenario.ts'

export default {
  name: 'gateway-attacked',
  title: 'p99 of good clients under attack ÷ without',
  unit: '×',
  goal: { atMost: 1.5 },
  how: '100 posts a second at an even pace, each counted from its turn to its answer; the attack is 500 sockets that send a byte a second, and 50 hostile requests a second in turns (a gzip bomb of 64 MiB, 100,000 levels, 300,000 fields, two lengths); in turns, medians; attacker and gateway share the cores',
  async measure(round) {
    const { calmMs, disturbedMs, rssBytes } = await disturbed(round, round.quick ? 2 : 6, async (url) => {
      const attacker = fork(join(import.meta.dirname, '..', 'gateway', 'attack-child.ts'))
      attacker.send({ port: Number(new URL(url).port) })
      await once(attacker, 'message')
      return async () => {
        attacker.kill('SIGKILL')
        await once(attacker, 'exit')
      }
    })
    return {
      value: disturbedMs / calmMs,
      parts: {
        'calm p99, ms': calmMs,
        'attacked p99, ms': disturbedMs,
        'gateway memory after, MB': rssBytes / 1e6,
      },
    }
  },
} satisfies Scenario
