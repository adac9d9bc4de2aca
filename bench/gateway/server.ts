/**
 * Starts a server of the comparison, lets a load at it, and judges that all it answered is stored.
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { Round } from '../scenario.ts'
import type { GatewaySide } from './sides/index.ts'
import { eventRate } from './wrk.ts'

export interface RunningServer {
  readonly url: string
  /** Asked of the server itself. */
  state(): Promise<{ readonly stored?: number; readonly rssBytes: number }>
  end(): Promise<void>
}

/** @param flags of Node, beside the usual */
export async function serve(
  { directory, brokers, number }: Round,
  side: GatewaySide,
  flags: readonly string[] = [],
): Promise<RunningServer> {
  const own = mkdtempSync(join(directory, `${side}-`))
  const child = fork(join(import.meta.dirname, 'server-child.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // kafkajs sets timers to the past, and Node says so every time.
    execArgv: ['--disable-warning=TimeoutNegativeWarning', ...flags],
  })
  const { url } = (await asked(child, { side, place: { directory: own, brokers, app: `${side}-${number}` } })) as {
    url: string
  }
  return {
    url,
    state: () => asked(child, 'state') as Promise<{ stored?: number; rssBytes: number }>,
    async end() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function asked(child: ChildProcess, question: unknown): Promise<unknown> {
  child.send(question as object)
  const gone = once(child, 'exit').then(() => Promise.reject(new Error('The server ended.')))
  const [answer] = (await Promise.race([once(child, 'message'), gone])) as [unknown]
  gone.catch(() => {})
  return answer
}

export interface LoadShape {
  readonly connections: number
  readonly batch: number
  readonly seconds: number
}

/** Events per second of a side, after a warm-up. @throws when it answered more events than it stored */
export async function rateOf(round: Round, side: GatewaySide, { seconds, ...load }: LoadShape): Promise<number> {
  const server = await serve(round, side)
  try {
    await eventRate({ ...load, url: server.url, seconds: Math.ceil(seconds / 3), ids: 'warm' })
    const before = (await server.state()).stored
    const rate = await eventRate({ ...load, url: server.url, seconds, ids: 'measured' })
    const { stored } = await server.state()
    if (stored !== undefined && stored - before! < Math.floor(rate * seconds * 0.98)) {
      throw new Error(`${side} answered about ${Math.round(rate * seconds)} events and stored ${stored - before!}.`)
    }
    return rate
  } finally {
    await server.end()
  }
}
