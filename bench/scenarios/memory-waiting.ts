/**
 * Memory of a fresh process that works on a large backlog.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { copyPrograms, installInto } from '../installed.ts'
import { fillBulk, lanesApp } from '../lanes-app.ts'
import { sized, type Scenario } from '../scenario.ts'

/** As Node sets itself in a container of 256 MB: elsewhere garbage alone grows to more than what is measured here. */
const smallHeap = ['--max-old-space-size=64', '--max-semi-space-size=4']

export default {
  name: 'memory-waiting',
  title: 'memory with 1,000,000 waiting',
  unit: 'MB',
  goal: { atMost: 150 },
  how: 'highest resident set (MB of 10^6 bytes) in 20 s of a fresh process of the installed package that opens the directory and works with handlers of 5 ms, started with --max-old-space-size=64 --max-semi-space-size=4 (as Node sets itself in a small container); Node itself, the schema library and the threads of the log included; beside it the same with the defaults of Node',
  async measure(round) {
    const directory = join(round.directory, 'log')
    const app = lanesApp(directory)
    await fillBulk(app, sized(round, 1_000_000))
    await app.stop()
    const project = installInto(round.directory)
    copyPrograms(project, ['memory-child', 'lanes-app', 'payload', 'finish'])
    const forMs = round.quick ? 2_000 : 20_000
    const small = await consume(project, directory, forMs, smallHeap)
    const usual = await consume(project, directory, forMs, [])
    return {
      value: small.most / 1e6,
      parts: {
        'before opening, MB': small.idle / 1e6,
        'handled meanwhile': small.handled,
        'with the defaults of Node, MB': usual.most / 1e6,
      },
    }
  },
} satisfies Scenario

interface Consumed {
  readonly idle: number
  readonly most: number
  readonly handled: number
}

async function consume(project: string, directory: string, forMs: number, execArgv: string[]): Promise<Consumed> {
  const child = fork(join(project, 'memory-child.js'), [directory, String(forMs)], { execArgv })
  const told = Promise.withResolvers<Consumed>()
  child.once('message', (message) => told.resolve(message as Consumed))
  const ended = once(child, 'exit')
  void ended.then(([code]) => told.reject(new Error(`The process that consumes ended early, with ${code}.`)))
  const consumed = await told.promise
  await ended
  return consumed
}
