/**
 * Memory of a fresh process that works on a large backlog.
 * @module
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { fillBulk, lanesApp } from '../lanes-app.ts'
import { sized, type Scenario } from '../scenario.ts'

export default {
  name: 'memory-waiting',
  title: 'memory with 1,000,000 waiting',
  unit: 'MB',
  goal: { atMost: 150 },
  how: 'highest resident set (MB of 10^6 bytes) in 20 s of a fresh process that opens the directory and works with handlers of 5 ms; its Node process, schema library and log threads included',
  async measure(round) {
    const directory = join(round.directory, 'log')
    const app = lanesApp(directory)
    await fillBulk(app, sized(round, 1_000_000))
    await app.stop()
    const child = fork(join(import.meta.dirname, '..', 'memory-child.ts'), [directory, round.quick ? '2000' : '20000'])
    const { promise, resolve, reject } = Promise.withResolvers<{ idle: number; most: number; handled: number }>()
    child.once('message', (message) => resolve(message as { idle: number; most: number; handled: number }))
    child.once('exit', (code) => reject(new Error(`The process that consumes ended early, with ${code}.`)))
    const { idle, most, handled } = await promise
    const parts = { 'before opening, MB': idle / 1e6, 'handled meanwhile': handled }
    return { value: most / 1e6, parts }
  },
} satisfies Scenario
