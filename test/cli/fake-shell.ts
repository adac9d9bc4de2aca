/**
 * A shell in memory: what a command wrote, what it reads, signals at will.
 * @module
 */
import { Readable, Writable } from 'node:stream'
import { systemClock, type Clock } from '../../src/clock.ts'
import { run } from '../../src/cli/run.ts'
import type { Screen, Shell } from '../../src/cli/shell.ts'

export class FakeScreen extends Writable implements Screen {
  text = ''
  isTTY = false
  columns = 100
  rows = 30
  /** What writing fails with from now on. */
  failure: Error | undefined

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.failure === undefined) this.text += chunk.toString()
    done(this.failure)
  }
}

export interface FakeShell extends Shell {
  readonly stdout: FakeScreen
  readonly stderr: FakeScreen
  /** What it left with, by a second signal. */
  left: number | undefined
  signal(name: 'SIGINT' | 'SIGTERM'): void
  /** The process ends of something nobody caught. */
  die(error: unknown): void
  /** Ctrl-Z, and `fg`. */
  suspend(): void
  resume(): void
}

export function fakeShell(
  options: { cwd?: string; stdin?: string; env?: Record<string, string>; clock?: Clock; tty?: boolean } = {},
): FakeShell {
  const heard = new Set<(signal: 'SIGINT' | 'SIGTERM') => void>()
  const deaths = new Set<(error: unknown) => void>()
  const suspensions = new Set<{ before: () => void; after: () => void }>()
  const stdin = Object.assign(Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]), {
    isTTY: options.stdin === undefined,
  })
  const shell: FakeShell = {
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? {},
    stdin,
    stdout: new FakeScreen(),
    stderr: new FakeScreen(),
    clock: options.clock ?? systemClock,
    left: undefined,
    onSignal(hear) {
      heard.add(hear)
      return () => heard.delete(hear)
    },
    onReload: () => () => undefined,
    onDeath(hear) {
      deaths.add(hear)
      return () => deaths.delete(hear)
    },
    onSuspend(before, after) {
      const each = { before, after }
      suspensions.add(each)
      return () => suspensions.delete(each)
    },
    leave(code) {
      shell.left = code
    },
    signal(name) {
      for (const hear of heard) hear(name)
    },
    die(error) {
      for (const hear of deaths) hear(error)
    },
    suspend() {
      for (const { before } of suspensions) before()
    },
    resume() {
      for (const { after } of suspensions) after()
    },
  }
  shell.stdout.isTTY = options.tty === true
  return shell
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Each line of stdout, parsed. */
  readonly json: () => any[]
}

/** Runs a command line to its end. */
export async function veltrix(args: readonly string[], shell: FakeShell = fakeShell()): Promise<Ran> {
  const code = await run(args, shell)
  return {
    code,
    out: shell.stdout.text,
    err: shell.stderr.text,
    json: () =>
      shell.stdout.text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
  }
}
