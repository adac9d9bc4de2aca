/**
 * One process with a worker in a simulation: it can be killed, and then nothing of it goes on.
 * @module
 */
import type { Clock, Timer } from '../../src/clock.ts'
import type { CompiledConfig } from '../../src/config/index.ts'
import type { InboxStore } from '../../src/inbox/index.ts'
import type { Log } from '../../src/transport/index.ts'
import { HandlerInterrupted, RetryAfter, Unrecoverable, Worker } from '../../src/worker/index.ts'
import type { ApplicationEntry, Outcome } from './history.ts'
import { outputEvent, type Output } from './judge-outputs.ts'
import type { Behaviour, Scenario } from './scenario.ts'
import type { SimulatedLog } from './simulated-log.ts'

/** What a handler of the simulation needs of its context; one event's, also inside a batch. */
interface Context {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly attempt: number
  readonly redriven: boolean
  readonly subscription: string
  readonly signal: AbortSignal
  once(effect: () => void): Promise<unknown>
  publish(type: string, data: Output): Promise<unknown>
}

/** A change to the worker's surroundings that makes it break a promise, to see whether the judge notices. */
export interface Tampering {
  readonly config?: (config: CompiledConfig) => CompiledConfig
  readonly log?: (log: Log, config: CompiledConfig) => Log
  readonly handler?: (run: () => unknown) => unknown
  readonly inbox?: (inbox: InboxStore<unknown>) => InboxStore<unknown>
}

/** Says that a call for one event is over. */
type End = (run: number, outcome: Outcome) => void

export interface ProcessOptions {
  readonly scenario: Scenario
  readonly clock: Clock
  readonly log: SimulatedLog
  readonly random: () => number
  readonly inbox: InboxStore<unknown> | undefined
  readonly record: (entry: ApplicationEntry) => void
  readonly nextRun: () => number
  /** Handlers succeed from now on. */
  readonly healed: () => boolean
  readonly tampering?: Tampering
}

/** A clock whose timers are those of one process: they die with it. */
class ProcessClock implements Clock {
  readonly #clock: Clock
  alive = true
  constructor(clock: Clock) {
    this.#clock = clock
  }
  now(): number {
    return this.#clock.now()
  }
  monotonic(): number {
    return this.#clock.monotonic()
  }
  setTimer(delayMs: number, fire: () => void): Timer {
    return this.#clock.setTimer(delayMs, () => {
      if (this.alive) fire()
    })
  }
  async yield(): Promise<void> {
    await this.#clock.yield()
    if (!this.alive) await never()
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {})
}

export class SimulatedProcess {
  readonly worker: Worker
  readonly log: SimulatedLog
  state: 'up' | 'stopping' | 'stopped' | 'crashed' = 'up'
  readonly #options: ProcessOptions
  readonly #clock: ProcessClock

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#clock = new ProcessClock(options.clock)
    this.log = options.log
    const { scenario, tampering, inbox, random } = options
    const log = tampering?.log?.(options.log, scenario.config) ?? options.log
    const clientId = options.log.client.id
    const store = inbox && (tampering?.inbox?.(inbox) ?? inbox)
    const config = tampering?.config?.(scenario.config) ?? scenario.config
    const stage = (_: string, output: unknown) => outputEvent(output as Output)
    this.worker = new Worker({ config, log, clock: this.#clock, random, clientId, inbox: store, stage })
    for (const { name, events } of scenario.config.subscriptions.values()) {
      for (const type of events) this.#handle(name, type)
    }
  }

  get client(): string {
    return this.log.client.id
  }

  start(): void {
    void this.worker.start()
  }

  crash(): void {
    if (this.state === 'crashed' || this.state === 'stopped') return
    this.state = 'crashed'
    this.#clock.alive = false
    this.log.crash()
    this.#options.record({ kind: 'crash', at: this.#clock.monotonic(), client: this.client })
  }

  /** Drains and leaves. Resolves with whether it drained in time. */
  async stop(): Promise<boolean> {
    if (this.state !== 'up') return false
    this.state = 'stopping'
    const { drained } = await this.worker.stop()
    await this.log.close()
    this.state = 'stopped'
    return drained
  }

  #handle(subscription: string, type: string): void {
    const { scenario, tampering } = this.#options
    const tamper = tampering?.handler ?? ((run: () => unknown) => run())
    if (!scenario.batches.has(subscription)) {
      const end: End = (run, outcome) => this.#end(run, outcome)
      this.worker.handle(subscription, type, (event, context) =>
        tamper(() => this.#run(event.id, context as never, end)),
      )
      return
    }
    this.worker.handleBatch(subscription, type, async (events, batch) => {
      const ends: Parameters<End>[] = []
      const end: End = (...ended) => void ends.push(ended)
      const results = await Promise.all(
        events.map(async (event, index) => {
          try {
            await tamper(() => this.#run(event.id, batch.events[index] as never, end))
            return undefined
          } catch (error) {
            return error instanceof Error ? error : new Error(String(error))
          }
        }),
      )
      // One call for all: none of them is over before it returns, and what failed in one that was cut short was cut short.
      const cut = isInterrupted(batch.signal)
      for (const [run, outcome] of ends) this.#end(run, cut && outcome !== 'ok' ? 'interrupted' : outcome)
      return results
    })
  }

  /** Runs an event's script. Synchronous where the script is, for the worker goes another way then. */
  #run(id: string, context: Context, end: End): unknown {
    if (!this.#clock.alive) return never()
    const { scenario } = this.#options
    const behaviour = scenario.behaviour(context.subscription, id)
    const run = this.#options.nextRun()
    const { subscription, topic, partition, offset, attempt, redriven } = context
    const at = this.#clock.monotonic()
    const place = { subscription, topic, partition, offset }
    this.#options.record({ kind: 'start', at, client: this.client, run, attempt, redriven, ...place })
    const publish = this.#publisher(context, { ...place, redriven, run })
    publish()
    const failing = !this.#options.healed() && (redriven ? !behaviour.redrives : attempt <= behaviour.times)
    if (behaviour.kind === 'sync' && !this.#options.inbox) {
      publish()
      return end(run, 'ok')
    }
    if (behaviour.kind === 'sync-fail' && failing) {
      end(run, 'failed')
      throw new Error('scripted')
    }
    return this.#runLater(id, context, behaviour, failing, (outcome) => {
      if (outcome === 'ok') publish()
      end(run, outcome)
    })
  }

  /** Publishes the next output of a run, where they are stored with the commit. */
  #publisher(context: Context, output: Omit<Output, 'nth'>): () => void {
    let nth = 0
    if (!this.#options.scenario.config.subscriptions.get(context.subscription)!.exactlyOnce) return () => {}
    // Refused where a planted bug lets the handler return early.
    return () => void context.publish('sim.out', { ...output, nth: nth++ }).catch(() => {})
  }

  async #runLater(
    id: string,
    context: Context,
    behaviour: Behaviour,
    failing: boolean,
    end: (outcome: Outcome) => void,
  ): Promise<void> {
    try {
      if (this.#options.inbox) await this.#effect(id, context)
      await this.#take(behaviour, context.signal)
      if (failing) fail(behaviour)
    } catch (error) {
      if (!this.#clock.alive) return never()
      end(outcomeOf(error, context.signal))
      throw error
    }
    if (!this.#clock.alive) return never()
    end('ok')
    return undefined
  }

  async #effect(id: string, context: Context): Promise<void> {
    const { subscription } = context
    await context.once(() => {
      // A process that is gone has no transaction either.
      if (!this.#clock.alive) throw new Error('crashed')
      this.#options.record({ kind: 'effect', at: this.#clock.monotonic(), client: this.client, subscription, id })
    })
  }

  #take(behaviour: Behaviour, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(behaviour.ms, resolve)
      if (behaviour.kind === 'hang') return
      const abort = (): void => {
        timer.cancel()
        reject(signal.reason as Error)
      }
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  #end(run: number, outcome: Outcome): void {
    this.#options.record({ kind: 'end', at: this.#clock.monotonic(), client: this.client, run, outcome })
  }
}

function fail(behaviour: Behaviour): never {
  if (behaviour.kind === 'unrecoverable') throw new Unrecoverable('scripted')
  if (behaviour.kind === 'retry-after') throw new RetryAfter(behaviour.delayMs)
  // Handlers throw anything.
  // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
  if (behaviour.kind === 'throw-text') throw 'scripted text'
  throw new Error('scripted')
}

function isInterrupted(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof HandlerInterrupted
}

function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (isInterrupted(signal)) return 'interrupted'
  return error instanceof Unrecoverable ? 'unrecoverable' : 'failed'
}
