/**
 * The process that keeps a cluster answers others on a socket in the cluster's directory: one line of JSON each way, one question a
 * connection.
 * @module
 */
import { chmodSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { isVeltrixError } from '../errors.ts'
import { findKeeper } from './ask.ts'
import { ClusterAlreadyUp } from './errors.ts'
import type { Answer, KeeperStatus, Question } from './questions.ts'
import { controlPath } from './socket-path.ts'
import type { Cluster } from './status.ts'

export interface ControlOptions {
  /** Hears what was asked and done. */
  readonly note: (text: string) => void
}

export class ClusterControl {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #down = new AbortController()
  readonly #closed = Promise.withResolvers<void>()
  readonly #note: (text: string) => void
  /** Every answer that somebody waits for. */
  readonly #answering = new Set<Promise<void>>()
  readonly #killed = new Set<number>()
  #cluster: Cluster | undefined

  private constructor(server: Server, note: (text: string) => void) {
    this.#server = server
    this.#note = note
    server.on('connection', (socket) => this.#serve(socket))
  }

  /**
   * Takes `directory` for this process. @throws ClusterAlreadyUp
   */
  static async open(directory: string, options: ControlOptions): Promise<ClusterControl> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const keeper = await findKeeper(directory)
    if (keeper !== undefined) throw new ClusterAlreadyUp(directory, keeper.keeper)
    const path = controlPath(directory)
    // Whoever left a socket file here is dead: nobody answered.
    if (process.platform !== 'win32') rmSync(path, { force: true })
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    if (process.platform !== 'win32') chmodSync(path, 0o600)
    return new ClusterControl(server, options.note)
  }

  /** Aborts when somebody asked for the cluster's end. */
  get down(): AbortSignal {
    return this.#down.signal
  }

  /** Whether a broker's end was asked for. */
  wasKilled(broker: number): boolean {
    return this.#killed.has(broker)
  }

  /** From now on there is a cluster to steer. */
  serve(cluster: Cluster): void {
    this.#cluster = cluster
  }

  /** After the cluster ended: who asked for that gets the answer. */
  async close(): Promise<void> {
    this.#closed.resolve()
    await Promise.all(this.#answering)
    const ended = new Promise<void>((resolve) => void this.#server.close(() => resolve()))
    // Sends what is still buffered.
    for (const socket of this.#sockets) socket.destroySoon()
    await ended
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    const lines = createInterface({ input: socket })
    // The socket's own trouble, told once more.
    lines.on('error', () => undefined)
    lines.once('line', (line) => {
      const send = (answer: Answer): void => void socket.end(`${JSON.stringify(answer)}\n`)
      const answering = this.#answer(line).then(
        (answer) => send({ answer }),
        (error: Error) => send({ error: plainError(error) }),
      )
      this.#answering.add(answering)
      void answering.then(() => this.#answering.delete(answering))
    })
  }

  async #answer(line: string): Promise<KeeperStatus | null> {
    const question = JSON.parse(line) as Question
    if (question.ask === 'status') return await this.#status()
    if (question.ask === 'down') return await this.#end()
    const cluster = this.#cluster
    if (cluster === undefined) throw new Error('The cluster is just starting.')
    const { ask, broker } = question
    this.#note(`asked to ${ask} broker ${broker}`)
    if (ask === 'kill') this.#killed.add(broker)
    await cluster[ask](broker)
    if (ask === 'restart') this.#killed.delete(broker)
    return await this.#status()
  }

  async #end(): Promise<null> {
    this.#note('asked to end')
    this.#down.abort(new Error('asked to end'))
    await this.#closed.promise
    return null
  }

  async #status(): Promise<KeeperStatus> {
    if (this.#cluster === undefined) return { keeper: process.pid, phase: 'starting' }
    return {
      keeper: process.pid,
      phase: this.#down.signal.aborted ? 'stopping' : 'up',
      ...(await this.#cluster.status()),
    }
  }
}

function plainError(error: Error): Record<string, unknown> {
  return { ...error, message: error.message, ...(isVeltrixError(error) ? { code: error.code } : {}) }
}
