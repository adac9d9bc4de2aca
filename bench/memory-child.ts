/**
 * Opens the log of a directory, consumes with slow handlers, and tells its parent how large it became.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { lanesApp } from './lanes-app.ts'

const [directory, forMs] = process.argv.slice(2)
const idle = process.memoryUsage.rss()
let most = idle
let handled = 0
const app = lanesApp(directory!)
  .handle('taker', 'thing.needed', async () => {})
  .handle('taker', 'thing.exported', async () => {
    await wait(5)
    handled++
  })
await app.start()
const until = performance.now() + Number(forMs)
while (performance.now() < until) {
  await wait(20)
  most = Math.max(most, process.memoryUsage.rss())
}
process.send!({ idle, most, handled })
await app.stop({ drainTimeoutMs: 1000 })
process.disconnect()
