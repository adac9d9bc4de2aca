/**
 * `cluster up --detach`: a process in the background keeps the brokers; this one waits until they are up.
 * @module
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sleep } from '../../clock.ts'
import { ClusterAlreadyUp, findKeeper } from '../../cluster/index.ts'
import { shown } from '../app-module.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { statusLines } from './lines.ts'
import type { UpOptions } from './up.ts'

const pollMs = 100

/** What the keeper says, line by line, to its file. */
interface Said {
  readonly event?: 'note' | 'up' | 'status' | 'down'
  readonly text?: string
  readonly error?: { readonly code: string; readonly message: string }
}

/** Resolves to the exit code when the brokers are up, or the keeper gave up. A signal ends the keeper. */
export async function upDetached(options: UpOptions, shell: Shell, out: Output): Promise<number> {
  const { directory } = options
  const there = await findKeeper(directory)
  if (there !== undefined) throw new ClusterAlreadyUp(directory, there.keeper)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const log = join(directory, 'keeper.log')
  const keeper = startKeeper(options, log, shell)
  const interrupts = new Interrupts(shell)
  let told = 0
  try {
    for (; ; await sleep(shell.clock, pollMs)) {
      if (interrupts.signal.aborted) {
        keeper.kill('SIGTERM')
        await keeper.ended
        return exitCodes.ok
      }
      const over = keeper.over
      const lines = await saidSoFar(log)
      for (const { event, text } of lines.slice(told)) if (event === 'note') out.note(text ?? '')
      told = lines.length
      if (lines.some(({ event }) => event === 'up')) return await report(directory, shell, out)
      if (over) return await gaveUp(lines, keeper.code, out)
    }
  } finally {
    interrupts.close()
    keeper.unref()
  }
}

interface Keeper {
  readonly over: boolean
  readonly code: number | null
  readonly ended: Promise<void>
  kill(signal: NodeJS.Signals): void
  unref(): void
}

function startKeeper(options: UpOptions, log: string, { cwd, env }: Shell): Keeper {
  const main = new URL(`../main${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url)
  const { npm_lifecycle_event: _, ...environment } = env
  const file = openSync(log, 'w', 0o600)
  const child = spawn(process.execPath, [fileURLToPath(main), 'cluster', 'up', '--json', ...flagsOf(options)], {
    cwd,
    // A script's end is not the end of what it left in the background (see process-shell.ts).
    env: environment as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['ignore', file, file],
  })
  closeSync(file)
  const state = { over: false, code: null as number | null }
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      state.over = true
      state.code = code
      resolve()
    })
  })
  return {
    get over() {
      return state.over
    },
    get code() {
      return state.code
    },
    ended,
    kill: (signal) => void child.kill(signal),
    unref: () => child.unref(),
  }
}

function flagsOf({ directory, brokers, port, kind, docker, fresh }: UpOptions): string[] {
  return [
    `--directory=${directory}`,
    ...(brokers === undefined ? [] : [`--brokers=${brokers}`]),
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(kind === 'zookeeper' ? ['--zookeeper'] : []),
    ...(docker ? ['--docker'] : []),
    ...(fresh ? ['--fresh'] : []),
  ]
}

/** Whole lines that are JSON; what else stands there is a library's. */
async function saidSoFar(log: string): Promise<Said[]> {
  const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1)
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Said]
    } catch {
      return []
    }
  })
}

async function report(directory: string, shell: Shell, out: Output): Promise<number> {
  const status = await findKeeper(directory)
  if (status === undefined) return exitCodes.failed
  if (out.json) await out.result(status)
  else {
    await out.lines(
      ...statusLines(status, out),
      '',
      `It stays up until "veltrix cluster down". Its data is in ${shown(directory, shell.cwd)}.`,
    )
  }
  return exitCodes.ok
}

/** The keeper's own error, as if it were this command's. */
async function gaveUp(lines: readonly Said[], code: number | null, out: Output): Promise<number> {
  const error = lines.find((line) => line.error !== undefined)?.error
  const shownError = error ?? {
    code: 'KEEPER_ENDED',
    message: `The process that keeps the brokers ended with ${code}.`,
  }
  if (out.json) await out.result({ error: shownError })
  out.note(`error ${shownError.message} (${shownError.code})`)
  return code === null || code === exitCodes.ok ? exitCodes.failed : code
}
