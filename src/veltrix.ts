/**
 * The composition root: one running system made of a typed file.
 * @module
 */
import { hostname } from 'node:os'
import { systemClock, type Clock } from './clock.ts'
import {
  compile,
  streamTopics,
  type BatchHandler,
  type CompiledConfig,
  type Definition,
  type EventHandler,
  type EventInput,
  type EventsOf,
  type EventTypes,
  type HandlerContext,
  type LaneNames,
  type PublishItem,
  type PublishOptions,
  type PublishOutcome,
  type PublishResult,
  type SubscriptionNames,
} from './config/index.ts'
import { DeadLetters, deadLetterTopics, letterOverheadBytes } from './deadletter/index.ts'
import type { VeltrixEvent } from './event/index.ts'
import { VeltrixError } from './errors.ts'
import type { InboxStore } from './inbox/index.ts'
import { Publisher } from './publisher/index.ts'
import type { Log, TopicSpec, Transport } from './transport/index.ts'
import {
  Handlers,
  Worker,
  type AnyBatchHandler,
  type AnyHandler,
  type DrainReport,
  type Middleware,
  type SubscriptionStatus,
  type WorkerObserver,
} from './worker/index.ts'

export type { Definition, HandlerContext }

/** Thrown when an application is started twice, or changed or started after it was started or stopped. */
export class AlreadyStarted extends VeltrixError {
  readonly code = 'VLX_ALREADY_STARTED'
  readonly retryable = false
}

export interface VeltrixOptions<Tx = unknown> {
  /** Where effects done once are remembered, for `ctx.once`. Default none. */
  readonly inbox?: InboxStore<Tx>
  /** Instead of the typed file's transport. */
  readonly transport?: Transport
  /** Default the machine's time. */
  readonly clock?: Clock
  /** Shown in member lists, lock owners and audit records. Default `<app>@<host>:<pid>`. */
  readonly clientId?: string
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
  /** Is told what became of each event. For spies in tests. */
  readonly observer?: WorkerObserver
}

export interface StartOptions<Sub extends string = string> {
  /** Which subscriptions run here. Default: those with a handler. */
  readonly subscriptions?: readonly Sub[]
}

/** A running system, or one about to be. Made by `veltrix(config)`. */
export class App<C = any, Tx = unknown> {
  /** The typed file, compiled: defaults filled, units in names. */
  readonly config: CompiledConfig
  readonly #options: VeltrixOptions<Tx>
  readonly #clock: Clock
  readonly #clientId: string
  readonly #transport: () => Promise<Transport>
  readonly #definition: C & Definition<any>
  #handlers: Handlers
  #opened: Promise<Log> | undefined
  #publisher: Promise<Publisher> | undefined
  #worker: Worker | undefined
  /** Set while it starts. */
  #starting: Promise<void> | undefined
  #stopping: Promise<DrainReport> | undefined

  /**
   * @param embedded makes the transport that `'embedded'` in the typed file means
   * @throws ConfigInvalid with every problem of the file
   */
  constructor(definition: C & Definition<any>, options: VeltrixOptions<Tx>, embedded: () => Promise<Transport>) {
    this.#definition = definition
    this.config = compile(definition)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#clientId = options.clientId ?? `${this.config.app}@${hostname()}:${process.pid}`
    const { transport } = this.config
    this.#transport = async () => options.transport ?? (transport === 'embedded' ? embedded() : transport)
    this.#handlers = new Handlers(this.config)
  }

  /**
   * Registers the handler of one event of a subscription. Returns the app.
   * @throws HandlerInvalid, AlreadyStarted
   */
  handle<Sub extends SubscriptionNames<C>, Type extends EventsOf<C, Sub>>(
    subscription: Sub,
    type: Type,
    handler: EventHandler<C, Sub, Type, Tx>,
  ): this {
    this.#checkNotStarted('register a handler')
    this.#handlers.addSingle(subscription, type, handler as unknown as AnyHandler)
    return this
  }

  /**
   * Registers a handler that takes several events at once, at most one of a key. Its answer has a result per event.
   * @throws HandlerInvalid, AlreadyStarted
   */
  handleBatch<Sub extends SubscriptionNames<C>, Type extends EventsOf<C, Sub>>(
    subscription: Sub,
    type: Type,
    handler: BatchHandler<C, Sub, Type, Tx>,
  ): this {
    this.#checkNotStarted('register a handler')
    this.#handlers.addBatch(subscription, type, handler as unknown as AnyBatchHandler)
    return this
  }

  /** Wraps every single-event handler; the first registered is outermost. @throws AlreadyStarted */
  use(middleware: Middleware): this {
    this.#checkNotStarted('add middleware')
    this.#handlers.use(middleware)
    return this
  }

  /**
   * Publishes one event; resolves when it is durable. Opens the log when that has not happened yet.
   * @throws EventUnknownType, EventInvalid, EventTooLarge, PublisherOverloaded, PublishUnknown, IdConflict, PublisherClosed, and the transport's errors
   */
  publish<Type extends EventTypes<C>>(
    type: Type,
    data: EventInput<C, Type>,
    options: PublishOptions<LaneNames<C>> = {},
  ): Promise<PublishResult> {
    return this.#publishing().then((publisher) => publisher.publish(type, data, options))
  }

  /** Publishes many; an outcome for each at its own index. Rejects only when the log cannot be opened. */
  publishMany(items: readonly PublishItem<C>[]): Promise<readonly PublishOutcome[]> {
    return this.#publishing().then((publisher) => publisher.publishMany(items))
  }

  /**
   * Opens the log, makes the topics that are missing, and starts the subscriptions.
   * @throws HandlerInvalid, TopicMismatch, AlreadyStarted, InboxUnavailable, and the transport's errors
   */
  async start(options: StartOptions<SubscriptionNames<C>> = {}): Promise<void> {
    this.#checkNotStarted('start')
    this.#starting = this.#start(options).finally(() => (this.#starting = undefined))
    await this.#starting
  }

  async #start(options: StartOptions<SubscriptionNames<C>>): Promise<void> {
    const log = await this.#beforeStart()
    const publisher = await this.#publishing()
    const worker = new Worker({
      config: this.config,
      clock: this.#clock,
      clientId: this.#clientId,
      random: this.#options.random,
      inbox: this.#options.inbox,
      handlers: this.#handlers,
      observer: this.#options.observer,
      transport: this.#transportName,
      publish: (type, data, given, cause) =>
        publisher.publish(type, data, caused(given as PublishOptions, cause), cause),
      stage: (type, data, given, cause) => publisher.stage(type, data, caused(given as PublishOptions, cause), cause),
      log,
    })
    this.#worker = worker
    await worker.start(options.subscriptions)
  }

  /** Starts nothing more of a subscription, or of one of its lanes; what runs goes on. @throws HandlerInvalid */
  pause(subscription: SubscriptionNames<C>, options: { lane?: LaneNames<C> } = {}): void {
    this.#running('pause').pause(subscription, options)
  }

  /** Undoes `pause`. @throws HandlerInvalid */
  resume(subscription: SubscriptionNames<C>, options: { lane?: LaneNames<C> } = {}): void {
    this.#running('resume').resume(subscription, options)
  }

  /** Dead letters of every subscription: list, show, redrive, discard. */
  async deadLetters(): Promise<DeadLetters> {
    return new DeadLetters({ log: await this.open(), config: this.config, clock: this.#clock, by: this.#clientId })
  }

  /** What each running subscription is doing. Empty before `start`. */
  status(): readonly SubscriptionStatus[] {
    return this.#worker?.status() ?? []
  }

  /** Whether `ctx.once` has somewhere to remember. */
  get hasInbox(): boolean {
    return this.#options.inbox !== undefined
  }

  /** The open log, its topics made. For tools; applications publish and handle. @throws the transport's errors, TopicMismatch */
  open(): Promise<Log> {
    if (!this.#opened && this.#stopping) return Promise.reject(this.#stopped('open its log'))
    this.#opened ??= this.#open().catch((error: unknown) => {
      // A log that could not be reached may be tried again.
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  /**
   * Drains and closes: takes no more events, lets handlers finish until the deadline, commits, stores what is being published, closes.
   * @param options.drainTimeoutMs default: the typed file's `worker.drainTimeout` (30 s)
   */
  stop(options: { drainTimeoutMs?: number } = {}): Promise<DrainReport> {
    this.#stopping ??= this.#close(options)
    return this.#stopping
  }

  /**
   * For a process that does only this: starts, and on SIGTERM or SIGINT drains and exits with 0 (1 when the deadline passed with handlers
   * still running). A second signal leaves at once, with 128 + its number.
   */
  async run(options: StartOptions<SubscriptionNames<C>> = {}): Promise<void> {
    let asked = false
    const leave = (number: number): void => {
      if (asked) process.exit(128 + number)
      asked = true
      void this.stop().then(
        ({ drained }) => process.exit(drained ? 0 : 1),
        (error: unknown) => {
          process.stderr.write(`The application did not stop cleanly: ${String(error)}\n`)
          process.exit(1)
        },
      )
    }
    process.on('SIGTERM', () => leave(15))
    process.on('SIGINT', () => leave(2))
    try {
      await this.start(options)
    } catch (error) {
      if (!asked) throw error
    }
    // Told to leave while it started: the process ends when it has stopped, and what comes after `run()` must not begin.
    if (asked) await new Promise(() => {})
  }

  /**
   * The same typed file and handlers with other options: a test runs an application's own module on another transport and clock.
   * This one stays as it is, not started.
   */
  with(options: VeltrixOptions<Tx>): App<C, Tx> {
    const other = new App<C, Tx>(this.#definition, { ...this.#options, ...options }, this.#transport)
    other.#handlers = this.#handlers
    return other
  }

  get #transportName(): string {
    const transport = this.#options.transport ?? this.config.transport
    return transport === 'embedded' ? transport : transport.name
  }

  async #open(): Promise<Log> {
    const transport = await this.#transport()
    const log = await transport.open({ clock: this.#clock, clientId: this.#clientId })
    try {
      await log.admin.createTopics(topicsOf(this.config))
      return log
    } catch (error) {
      await log.close()
      throw error
    }
  }

  async #beforeStart(): Promise<Log> {
    const [log] = await Promise.all([this.open(), this.#options.inbox?.open()])
    return log
  }

  #publishing(): Promise<Publisher> {
    this.#publisher ??= this.open().then(
      (log) => {
        const maxRecordBytes = log.features.maxRecordBytes - letterOverheadBytes
        return new Publisher({
          config: this.config,
          log,
          clock: this.#clock,
          maxRecordBytes,
          transport: this.#transportName,
        })
      },
      (error: unknown) => {
        this.#publisher = undefined
        throw error
      },
    )
    return this.#publisher
  }

  async #close(options: { drainTimeoutMs?: number }): Promise<DrainReport> {
    // What is just starting is let start, or half of it would be left behind. Who started it hears of a failure.
    if (this.#starting) await this.#starting.catch(() => {})
    const report = (await this.#worker?.stop(options)) ?? { drained: true, abandoned: 0 }
    const publisher = await this.#publisher?.catch(() => undefined)
    await publisher?.close()
    const log = await this.#opened?.catch(() => undefined)
    await log?.close()
    await this.#options.inbox?.close()
    return report
  }

  #running(doing: string): Worker {
    if (this.#worker) return this.#worker
    throw new AlreadyStarted(`The application has not been started: call start() before ${doing}().`)
  }

  #stopped(doing: string): AlreadyStarted {
    return new AlreadyStarted(`The application was stopped and cannot ${doing}: make a new one.`)
  }

  #checkNotStarted(doing: string): void {
    if (this.#stopping) throw this.#stopped(doing)
    if (this.#worker || this.#starting)
      throw new AlreadyStarted(`The application runs already; ${doing} before start().`)
  }
}

/** An event published by a handler names its cause; the publisher carries its trace on. */
function caused(given: PublishOptions, cause: VeltrixEvent): PublishOptions {
  return { ...given, extensions: { causationid: cause.id, ...given.extensions } }
}

/** Topics an application needs: every stream's in every lane, and its dead letters'. */
export function topicsOf(config: CompiledConfig): TopicSpec[] {
  return [...streamTopics(config), ...deadLetterTopics(config)]
}
