/**
 * Asks a side for something, in a process of its own: neither its garbage nor what the compiler learnt from another side weighs on it.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { SideName } from './sides/index.ts'
import type { ConsumeFigures, ConsumeTask, PublishFigures, PublishTask } from './task.ts'

export interface Asked {
  readonly side: SideName
  readonly job: 'publishSingle' | 'publishMany' | 'consume'
  readonly task: PublishTask | ConsumeTask
}

export function publishes(
  side: SideName,
  job: 'publishSingle' | 'publishMany',
  task: PublishTask,
): Promise<PublishFigures> {
  return ask({ side, job, task }) as Promise<PublishFigures>
}

export function consumes(side: SideName, task: ConsumeTask): Promise<ConsumeFigures> {
  return ask({ side, job: 'consume', task }) as Promise<ConsumeFigures>
}

/** A side that takes longer is ended. Milliseconds. */
const patienceMs = 240_000

async function ask(asked: Asked): Promise<unknown> {
  const child = fork(join(import.meta.dirname, 'side-child.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // kafkajs sets timers to the past, and Node says so every time.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  let figures: unknown
  child.on('message', (message) => (figures = message))
  child.send(asked)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  if (figures === undefined || code !== 0) throw new Error(`${asked.side} failed at ${asked.job} (exit code ${code}).`)
  return figures
}
