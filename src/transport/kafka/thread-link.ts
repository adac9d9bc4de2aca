/**
 * The member thread seen from the main thread: questions with answers, and the end of it.
 * @module
 */
import { Worker } from 'node:worker_threads'
import { threadFile } from '../../thread-file.ts'
import type { KafkaSasl } from './options.ts'
import type { FromThread, MemberThreadStart, SecretName, ToThread } from './protocol.ts'
import { fromWire } from './wire-errors.ts'

type Push = Exclude<FromThread, { id: number } | { push: 'secret' }>

interface Pending {
  resolve(): void
  reject(error: Error): void
}

/** Starts the thread. While no question waits it does not keep the process alive. */
export class ThreadLink {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #sasl: KafkaSasl | undefined
  readonly #take: (push: Push) => void
  #nextId = 1
  #ended: Error | undefined

  /** @param died called once when the thread ends without being asked to */
  constructor(start: MemberThreadStart, take: (push: Push) => void, died: (error: Error) => void) {
    this.#sasl = start.options.sasl
    this.#take = take
    this.#worker = new Worker(threadFile('member-thread', import.meta.url), {
      workerData: cloneable(start),
      execArgv: [],
      name: 'veltrix member-thread',
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    this.#worker.unref()
    this.#worker.on('message', (message: FromThread) => this.#hear(message))
    this.#worker.on('error', (error) => this.#end(error, died))
    this.#worker.on('exit', () => this.#end(new Error('The member thread ended.'), died))
  }

  /** Asks; `question` makes the message from the id its answer will carry. */
  ask(question: (id: number) => ToThread, transfer: readonly ArrayBuffer[] = []): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      if (this.#pending.size === 0) this.#worker.ref()
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage(question(id), transfer)
    })
  }

  /** Says something that has no answer. */
  post(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  /** Rejects all that waits, and all that is asked from now on. */
  fail(error: Error): void {
    this.#ended = error
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(error)
  }

  /** Leaves all groups and ends the thread. */
  async close(): Promise<void> {
    await this.ask((id) => ({ op: 'close', id })).catch(() => {})
    await this.#worker.terminate()
  }

  #hear(message: FromThread): void {
    if ('push' in message) {
      if (message.push === 'secret') return void this.#tellSecret(message.ask, message.name)
      return this.#take(message)
    }
    const pending = this.#settle(message.id)
    if (message.error === undefined) pending?.resolve()
    else pending?.reject(fromWire(message.error))
  }

  async #tellSecret(ask: number, name: SecretName): Promise<void> {
    try {
      const secret = (this.#sasl as Partial<Record<SecretName, string | (() => string | Promise<string>)>>)[name]!
      this.post({ op: 'secret', ask, value: typeof secret === 'function' ? await secret() : secret })
    } catch (error) {
      this.post({ op: 'secret', ask, error: (error as Error).message })
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#worker.unref()
    return pending
  }

  #end(error: Error, died: (error: Error) => void): void {
    if (this.#ended !== undefined) return
    died(error)
    if (this.#ended === undefined) this.fail(error)
  }
}

/** Without the functions, which cannot cross; what they give is asked for when it is needed. */
function cloneable({ options, clientId }: MemberThreadStart): MemberThreadStart {
  if (options.sasl === undefined) return { options, clientId, asks: [] }
  const entries = Object.entries(options.sasl as object)
  const asks = entries.filter(([, value]) => typeof value === 'function').map(([name]) => name as SecretName)
  const plain = Object.fromEntries(entries.filter(([, value]) => typeof value !== 'function')) as unknown as KafkaSasl
  return { options: { ...options, sasl: plain }, clientId, asks }
}
