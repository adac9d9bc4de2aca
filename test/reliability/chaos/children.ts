/**
 * Publishers and workers as processes of their own, started, stopped and killed on purpose, each of which is in the history.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Journal } from './history/journal.ts'
import type { Mix } from './workload.ts'

interface Orders {
  readonly name: string
  readonly directory: string
  readonly brokers: readonly string[]
  readonly app: string
  readonly sessionMs: number
}

export interface PublisherOrders extends Orders {
  readonly firstKey: number
  readonly keys: number
  /** Events per second. */
  readonly rate: number
  readonly seed: number
  readonly mix: Mix
  /** `none`: a control run; nobody says that an event was stored. */
  readonly acks: 'all' | 'none'
}

export interface LoadChange {
  readonly mix?: Mix
  /** Events per second. */
  readonly rate?: number
}

export interface WorkerOrders extends Orders {
  /** `none`: a control run; nothing remembers effects. */
  readonly inbox: 'sqlite' | 'none'
}

export class ChaosProcess {
  readonly name: string
  /** It is ready for work. */
  readonly ready: Promise<void>
  /** Of a worker: it has been given partitions. */
  readonly holding: Promise<void>
  /** It has ended; its code, or null when a signal ended it. */
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  readonly #journal: Journal
  isOver = false

  constructor(
    program: 'publisher-child.ts' | 'worker-child.ts',
    orders: PublisherOrders | WorkerOrders,
    journal: Journal,
  ) {
    const { name, directory } = orders
    this.name = name
    this.#journal = journal
    const command = ['--no-warnings', join(import.meta.dirname, program), JSON.stringify(orders)]
    const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    // Who dies does not read what it is told any more.
    child.stdin!.on('error', () => {})
    child.stderr!.pipe(createWriteStream(join(directory, `${name}.err`), { flags: 'a' }))
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        this.isOver = true
        journal.write({ what: code === 0 ? 'left' : 'gone', process: name })
        resolve(code)
      })
    })
    const { promise: holding, resolve: holds } = Promise.withResolvers<void>()
    this.holding = Promise.race([holding, this.ended.then(() => {})])
    this.ready = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => (line === 'ready' ? resolve() : holds()))
      void this.ended.then((code) =>
        reject(new Error(`${name} ended (${code}) before it was ready; see ${name}.err in ${directory}`)),
      )
    })
    // It may be killed before anybody waits for it to be ready.
    this.ready.catch(() => {})
  }

  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`)
  }

  /** Asks it to finish what it does, and waits. */
  async stop(): Promise<void> {
    this.tell('stop')
    await this.ended
  }

  async kill(): Promise<void> {
    if (!this.isOver) this.#journal.write({ what: 'killing', process: this.name })
    this.#child.kill('SIGKILL')
    await this.ended
  }

  suspend(): void {
    this.#journal.write({ what: 'stopping', process: this.name })
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    // Written first: what it does at once is not to be taken for something done while it was stopped.
    this.#journal.write({ what: 'continued', process: this.name })
    this.#child.kill('SIGCONT')
  }

  /** Of a publisher, from now on. */
  tellLoad(change: LoadChange): void {
    this.tell(JSON.stringify(change))
  }
}
