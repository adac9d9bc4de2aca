/**
 * From typing `veltrix dev` to the first event handled, with the package as it is installed.
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installInto } from '../installed.ts'
import { type Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'

const starts = 5

const appModule = `import { writeSync } from 'node:fs'
import { defineVeltrix, event, veltrix } from 'veltrix'
import { z } from 'zod'

const config = defineVeltrix({
  app: 'first',
  streams: { orders: { key: 'orderId', events: { 'order.placed': event(z.object({ orderId: z.string() })) } } },
  subscriptions: { billing: { events: ['order.placed'] } },
})

export default veltrix(config).handle('billing', 'order.placed', async () => void writeSync(3, 'handled'))

export const scenario = {
  traffic: async (app) => void (await app.publish('order.placed', { orderId: 'o-1' })),
}
`

export default {
  name: 'first-event',
  title: '`veltrix dev` to first event handled (installed)',
  unit: 'ms',
  goal: { atMost: 500 },
  how: 'spawn of the installed command to the handler of the first published event; a new log every time; median of 5 starts after a first one',
  async measure(round) {
    const project = installInto(round.directory)
    const first = await startOnce(project, 0)
    const times: number[] = []
    for (let start = 1; start <= starts; start++) times.push(await startOnce(project, start))
    return { value: median(times), parts: { 'very first start, ms': first } }
  },
} satisfies Scenario

/** Milliseconds from spawn to handled. */
async function startOnce(project: string, nth: number): Promise<number> {
  const directory = join(project, `start-${nth}`)
  mkdirSync(directory)
  writeFileSync(join(directory, 'veltrix.app.ts'), appModule)
  const command = join(project, 'node_modules', 'veltrix', 'dist', 'cli', 'main.js')
  const startedAt = performance.now()
  const child = spawn(process.execPath, [command, 'dev', '--plain'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const handled = new Promise<number>((resolve, reject) => {
    child.stdio[3]!.once('data', () => resolve(performance.now() - startedAt))
    child.once('close', (code) => reject(new Error(`veltrix dev ended with ${code} before the first event: ${said}`)))
  })
  const tookMs = await handled
  child.kill('SIGTERM')
  await ended
  return tookMs
}
