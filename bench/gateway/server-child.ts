/**
 * One server in a process of its own: told by a message what to serve, answers its address; asked later, how much it stored and what
 * memory it takes.
 * @module
 */
import { once } from 'node:events'
import { loadServing, type GatewaySide } from './sides/index.ts'
import type { Place } from './sides/serving.ts'

// Whoever asked is gone: nobody sends anything more.
process.once('disconnect', () => process.exit(1))
const [{ side, place }] = (await once(process, 'message')) as [{ side: GatewaySide; place: Place }]
const served = await (await loadServing(side))(place)
process.on('message', () => {
  void served.stored().then((stored) => process.send!({ stored, rssBytes: process.memoryUsage.rss() }))
})
process.send!({ url: served.url })
