/**
 * A thread seen from the main thread: questions with answers, and the end of it.
 * @module
 */
import { Worker } from 'node:worker_threads'
import { threadFile } from '../../thread-file.ts'

interface Pending {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

/** What every answer carries. */
interface Answered {
  readonly id: number
}

/**
 * Starts `thread/<name>` and keeps the questions that wait for its answer. While none waits the thread does not keep the
 * process alive, so a program that forgets `close()` still ends.
 */
export class ThreadLink<Message> {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #take: (message: Message) => void
  #nextId = 1
  #ended: Error | undefined
  /** Somebody waits for its end. */
  #isAwaited = false

  /**
   * @param take gets every message that is no answer, and answers before they are settled
   * @param died called once when the thread ends without being asked to
   */
  constructor(name: string, workerData: unknown, take: (message: Message) => void, died: (error: Error) => void) {
    this.#take = take
    this.#worker = new Worker(threadFile(name, import.meta.url), {
      workerData,
      execArgv: [],
      name: `veltrix ${name}`,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    this.#worker.unref()
    this.#worker.on('message', (message: Message) => this.#take(message))
    this.#worker.on('error', (error) => this.#end(error, died))
    this.#worker.on('exit', () => this.#end(new Error(`The thread "${name}" ended.`), died))
  }

  /** Asks; `question` makes the message from the id its answer will carry. */
  ask<Answer>(question: (id: number) => unknown, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#nextId++
    return new Promise<Answer>((resolve, reject) => {
      if (this.#pending.size === 0) this.#worker.ref()
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject })
      this.#worker.postMessage(question(id), transfer)
    })
  }

  /** Says something that has no answer, also after `fail`. */
  post(message: unknown): void {
    this.#worker.postMessage(message)
  }

  resolve(message: Answered, answer: unknown): void {
    this.#settle(message.id)?.resolve(answer as never)
  }

  reject(message: Answered, error: Error): void {
    this.#settle(message.id)?.reject(error)
  }

  /** Rejects all that waits, and all that is asked from now on. */
  fail(error: Error): void {
    this.#ended = error
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error)
  }

  /** Resolves when the thread has ended, which it does by itself when told to close. */
  ended(): Promise<void> {
    this.#isAwaited = true
    this.#worker.ref()
    return new Promise((resolve) => {
      if (this.#worker.threadId === -1) resolve()
      else this.#worker.once('exit', () => resolve())
    })
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    // An answer may come late, to a question that has failed already: who waits for the thread's end must not lose the process.
    if (this.#pending.size === 0 && !this.#isAwaited) this.#worker.unref()
    return pending
  }

  #end(error: Error, died: (error: Error) => void): void {
    if (this.#ended !== undefined) return
    died(error)
    if (this.#ended === undefined) this.fail(error)
  }
}
