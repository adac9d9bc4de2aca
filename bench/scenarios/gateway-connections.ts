/**
 * Connections that are open and kept.
 * @module
 */
import { serve } from '../gateway/server.ts'
import { Connections } from '../gateway/connections.ts'
import { sized, type Scenario } from '../scenario.ts'

export default {
  name: 'gateway-connections',
  title: 'memory with 5,000 kept connections, each of which posted',
  unit: 'MB',
  goal: { atMost: 300 },
  how: '5,000 connections stay open, and each posts 4 events of 1 KiB, 200 at once; resident memory of the gateway at the end, log included; a connection that was closed fails the round',
  async measure(round) {
    const count = sized(round, 5_000)
    const server = await serve(round, 'veltrix')
    try {
      const before = (await server.state()).rssBytes
      const connections = await Connections.open(server.url, count)
      const posts = 4
      for (let nth = 0; nth < posts; nth++) await connections.postOnEach(nth)
      const { stored, rssBytes } = await server.state()
      if (stored !== count * posts) throw new Error(`${count * posts} events were answered, ${stored} are stored.`)
      connections.close()
      return { value: rssBytes / 1e6, parts: { 'before, MB': before / 1e6, connections: count } }
    } finally {
      await server.end()
    }
  },
} satisfies Scenario
