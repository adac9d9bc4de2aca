/**
 * Connections that are open and kept.
 * @module
 */
import { serve } from '../gateway/server.ts'
import { Connections } from '../gateway/connections.ts'
import { sized, type Round, type Scenario } from '../scenario.ts'

const posts = 4

export default {
  name: 'gateway-connections',
  title: 'memory with 5,000 kept connections, each of which posted',
  unit: 'MB',
  goal: { atMost: 300 },
  how: '5,000 connections stay open, and each posts 4 events of 1 KiB, 200 at once; resident memory of the gateway at the end, log included, with the heap limits of a small container (--max-old-space-size=128 --max-semi-space-size=4), and with those Node chooses on this machine; a connection that was closed fails the round',
  async measure(round) {
    const limited = await memoryOf(round, ['--max-old-space-size=128', '--max-semi-space-size=4'])
    const usual = await memoryOf(round, [])
    return {
      value: limited.afterMb,
      parts: { 'before, MB': limited.beforeMb, "with Node's own limits, MB": usual.afterMb },
    }
  },
} satisfies Scenario

async function memoryOf(round: Round, flags: readonly string[]): Promise<{ beforeMb: number; afterMb: number }> {
  const count = sized(round, 5_000)
  const server = await serve(round, 'veltrix', flags)
  try {
    const before = await server.state()
    const connections = await Connections.open(server.url, count)
    for (let nth = 0; nth < posts; nth++) await connections.postOnEach(nth)
    const { stored, rssBytes } = await server.state()
    if (stored !== count * posts) throw new Error(`${count * posts} events were answered, ${stored} are stored.`)
    connections.close()
    return { beforeMb: before.rssBytes / 1e6, afterMb: rssBytes / 1e6 }
  } finally {
    await server.end()
  }
}
