/**
 * The worker of one process: every subscription that has handlers here.
 * @module
 */
import { systemClock, type Clock } from '../clock.ts'
import type { CompiledConfig } from '../config/index.ts'
import type { InboxStore } from '../inbox/index.ts'
import type { Log } from '../transport/index.ts'
import type { PublishFromHandler, StageFromHandler, WorkerObserver } from './context.ts'
import { ExactlyOnceUnsupported, HandlerInvalid } from './errors.ts'
import { Handlers, type AnyBatchHandler, type AnyHandler, type Middleware } from './handlers.ts'
import type { SubscriptionStatus } from './status.ts'
import { SubscriptionRun } from './subscription-run.ts'

export interface WorkerOptions {
  readonly config: CompiledConfig
  readonly log: Log
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
  /** Shown in member lists and audit records. Default `<app>`. */
  readonly clientId?: string
  /** Name of the transport, for those who listen. Default `embedded`. */
  readonly transport?: string
  /** For `ctx.once`. */
  readonly inbox?: InboxStore<any>
  /** For `ctx.publish`. */
  readonly publish?: PublishFromHandler
  /** For `ctx.publish` of subscriptions with `exactlyOnce`. */
  readonly stage?: StageFromHandler
  /** Handlers registered elsewhere. */
  readonly handlers?: Handlers
  /** For spies in tests. */
  readonly observer?: WorkerObserver
}

export interface DrainReport {
  /** Everything that ran was finished and committed in time. */
  readonly drained: boolean
  /** Handlers left behind running. */
  readonly abandoned: number
}

export class Worker {
  readonly handlers: Handlers
  private readonly options: WorkerOptions
  private readonly clock: Clock
  private readonly runs = new Map<string, SubscriptionRun>()
  private stopping: Promise<DrainReport> | undefined

  constructor(options: WorkerOptions) {
    this.options = options
    this.clock = options.clock ?? systemClock
    this.handlers = options.handlers ?? new Handlers(options.config)
  }

  /** @throws HandlerInvalid */
  handle(subscription: string, type: string, handler: AnyHandler): this {
    this.handlers.addSingle(subscription, type, handler)
    return this
  }

  /** @throws HandlerInvalid */
  handleBatch(subscription: string, type: string, handler: AnyBatchHandler): this {
    this.handlers.addBatch(subscription, type, handler)
    return this
  }

  use(middleware: Middleware): this {
    this.handlers.use(middleware)
    return this
  }

  /**
   * Joins the groups. Topics must exist.
   * @param subscriptions which; default those with a handler
   * @throws HandlerInvalid when one has no handler for a type it takes; ExactlyOnceUnsupported; the log's errors
   */
  async start(subscriptions: readonly string[] = this.handlers.registered()): Promise<void> {
    const { config } = this.options
    const prepared = subscriptions.map((name) => {
      const subscription = config.subscriptions.get(name)
      if (!subscription) throw new HandlerInvalid(`There is no subscription "${name}" to start.`)
      if (subscription.exactlyOnce && !this.options.log.features.transactions) throw new ExactlyOnceUnsupported(name)
      return { subscription, handlers: this.handlers.of(subscription) }
    })
    for (const { subscription, handlers } of prepared) {
      const run = new SubscriptionRun({
        config,
        subscription,
        handlers,
        log: this.options.log,
        clock: this.clock,
        random: this.options.random ?? Math.random,
        clientId: this.options.clientId ?? config.app,
        environment: {
          subscription: subscription.name,
          transport: this.options.transport ?? 'embedded',
          maxAttempts: subscription.retry.attempts,
          inbox: this.options.inbox,
          inboxWindowMs: subscription.inboxWindowMs,
          publish: this.options.publish ?? cannotPublish,
          ...(subscription.exactlyOnce ? { stage: this.options.stage ?? cannotPublish } : {}),
          now: () => this.clock.now(),
          observer: this.options.observer,
        },
      })
      this.runs.set(subscription.name, run)
    }
    await Promise.all([...this.runs.values()].map((run) => run.start()))
  }

  /** Starts nothing more of a subscription (or one of its lanes); what runs goes on, what was fetched is kept. @throws HandlerInvalid */
  pause(subscription: string, options: { lane?: string } = {}): void {
    this.runOf(subscription).pause(this.laneIndex(options.lane))
  }

  /** Undoes `pause`. @throws HandlerInvalid */
  resume(subscription: string, options: { lane?: string } = {}): void {
    this.runOf(subscription).resume(this.laneIndex(options.lane))
  }

  status(): readonly SubscriptionStatus[] {
    return [...this.runs.values()].map((run) => run.status())
  }

  /**
   * Drains: takes nothing new, lets handlers finish until the deadline, commits, leaves the groups. Then handlers are aborted.
   * A second call gives the same promise.
   * @param options.drainTimeoutMs default: the typed file's `worker.drainTimeout`
   */
  stop(options: { drainTimeoutMs?: number } = {}): Promise<DrainReport> {
    this.stopping ??= this.drain(options.drainTimeoutMs ?? this.options.config.worker.drainTimeoutMs)
    return this.stopping
  }

  private async drain(timeoutMs: number): Promise<DrainReport> {
    const runs = [...this.runs.values()]
    for (const run of runs) run.stopTaking()
    const deadline = new AbortController()
    const timer = this.clock.setTimer(timeoutMs, () => deadline.abort())
    await Promise.all(runs.map((run) => run.idle(deadline.signal)))
    timer.cancel()
    const reports = await Promise.all(runs.map((run) => run.close()))
    const abandoned = reports.reduce((sum, report) => sum + report.abandoned, 0)
    return { drained: !deadline.signal.aborted, abandoned }
  }

  private runOf(subscription: string): SubscriptionRun {
    const run = this.runs.get(subscription)
    if (run) return run
    throw new HandlerInvalid(
      `Subscription "${subscription}" does not run here. Running: ${[...this.runs.keys()].join(', ') || 'none'}.`,
    )
  }

  private laneIndex(lane: string | undefined): number | undefined {
    if (lane === undefined) return undefined
    const found = this.options.config.lanes.find(({ name }) => name === lane)
    if (found) return found.index
    const names = this.options.config.lanes.map(({ name }) => name).join(', ')
    throw new HandlerInvalid(`There is no lane "${lane}". The typed file has: ${names}.`)
  }
}

function cannotPublish(): Promise<never> {
  return Promise.reject(new HandlerInvalid('This worker was made without a publisher, so its handlers cannot publish.'))
}
