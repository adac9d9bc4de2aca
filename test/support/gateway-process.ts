/**
 * `veltrix gateway` as a process of its own, at a port that stays its own.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export class GatewayProcess {
  readonly port: number
  readonly #directory: string
  readonly #flags: readonly string[]
  #process: ChildProcess | undefined
  #said = ''

  /** @param directory of the application */
  constructor(directory: string, port: number, flags: readonly string[] = []) {
    this.#directory = directory
    this.#flags = flags
    this.port = port
  }

  /** What it said on stderr. */
  get said(): string {
    return this.#said
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const flags = ['gateway', '--port', String(this.port), '--drain-delay', '1s', '--json', ...this.#flags]
    const child = spawn(process.execPath, [main, ...flags], {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
    const ended = once(child, 'exit').then(() => {
      throw new Error(`The gateway ended before it listened: ${this.#said}`)
    })
    await Promise.race([once(child.stdout, 'data'), ended])
    ended.catch(() => {})
  }

  signal(signal: NodeJS.Signals): void {
    this.#process!.kill(signal)
  }

  /** Sends the signal; resolves to the exit code when it has ended. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null
    const ended = once(child, 'exit')
    child.kill(signal)
    return (await ended)[0] as number | null
  }
}
