/**
 * One client's connection to a simulated cluster: calls that take time, that are cut off by `close`, and that are never heard of again after a crash.
 * @module
 */
import { LogClosed } from '../../src/transport/index.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** What a call may do with its promise. After a crash or `close` both do nothing. */
export interface Reply<T> {
  resolve(value: T): void
  reject(error: Error): void
  /** False once the call was cut off: it must have no further effect on the client's side. */
  readonly open: boolean
}

export class SimulatedClient {
  readonly cluster: SimulatedCluster
  /** Unique in the cluster: a client id used again gets a number. */
  readonly id: string
  state: 'open' | 'closed' | 'crashed' = 'open'
  readonly #pending = new Set<(error: Error) => void>()
  readonly #onCrash = new Set<() => void>()

  constructor(cluster: SimulatedCluster, clientId: string) {
    this.cluster = cluster
    const ids = new Set([...cluster.clients].map((client) => client.id))
    let id = clientId
    for (let number = 2; ids.has(id); number++) id = `${clientId}~${number}`
    this.id = id
    cluster.clients.add(this)
  }

  /**
   * Makes a promise that `body` settles. Rejects with LogClosed when closed before or meanwhile; never settles once crashed.
   * @throws LogClosed
   */
  call<T>(body: (reply: Reply<T>) => void, signal?: AbortSignal): Promise<T> {
    if (this.state === 'crashed') return new Promise(() => {})
    if (this.state === 'closed') return Promise.reject(closedError())
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    return new Promise<T>((resolve, reject) => {
      let open = true
      const end = (): boolean => {
        if (!open) return false
        open = false
        this.#pending.delete(fail)
        signal?.removeEventListener('abort', onAbort)
        return this.state !== 'crashed'
      }
      const fail = (error: Error): void => void (end() && reject(error))
      const onAbort = (): void => fail(signal!.reason as Error)
      this.#pending.add(fail)
      signal?.addEventListener('abort', onAbort, { once: true })
      body({
        resolve: (value) => void (end() && resolve(value)),
        reject: fail,
        get open() {
          return open
        },
      })
    })
  }

  /** Runs `fire` when the process of this client would still be there. */
  later(delayMs: number, fire: () => void): void {
    after(this.cluster, delayMs, () => {
      if (this.state !== 'crashed') fire()
    })
  }

  /** Like `kill -9`: nothing settles any more, nothing later reaches the cluster. What was on its way to the cluster is lost. */
  crash(): void {
    if (this.state === 'crashed') return
    this.state = 'crashed'
    // They settle no more, but let go of their signals: Node keeps one that is made of others alive while somebody listens to it.
    for (const fail of this.#pending) fail(closedError())
    for (const crashed of this.#onCrash) crashed()
  }

  onCrash(crashed: () => void): void {
    this.#onCrash.add(crashed)
  }

  close(): void {
    if (this.state !== 'open') return
    this.state = 'closed'
    for (const fail of this.#pending) fail(closedError())
  }
}

/** Messages one way: they arrive in the order sent, however long each takes. */
export class Wire {
  readonly #cluster: SimulatedCluster
  #lastAt = 0
  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster
  }
  send(delayMs: number, arrive: () => void): void {
    const now = this.#cluster.clock.monotonic()
    this.#lastAt = Math.max(this.#lastAt, now + delayMs)
    after(this.#cluster, this.#lastAt - now, arrive)
  }
}

function after(cluster: SimulatedCluster, delayMs: number, fire: () => void): void {
  if (delayMs <= 0) fire()
  else cluster.clock.setTimer(delayMs, fire, { unref: true })
}

function closedError(): LogClosed {
  return new LogClosed('The log is closed: this client cannot be used any more. Open it again.')
}
