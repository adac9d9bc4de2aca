/**
 * What runs for which event: handlers by subscription and type, wrapped in the middleware.
 * @module
 */
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import type { VeltrixEvent } from '../event/index.ts'
import type { AttemptContext, BatchAttemptContext } from './context.ts'
import { HandlerInvalid } from './errors.ts'

/** Runs for one event. Resolving is success; throwing steers what happens next. */
export type AnyHandler = (event: VeltrixEvent<string, any>, context: AttemptContext<any>) => unknown

/**
 * Runs for several events of one type and lane, each of another key. Resolves with nothing (all handled) or with an array: an `Error` at an
 * event's index fails that event. Throwing fails all.
 */
export type AnyBatchHandler = (
  events: readonly VeltrixEvent<string, any>[],
  context: BatchAttemptContext<any>,
) => unknown

/** Wraps every single-event handler, first registered outermost. Call `next()` once, and return or await it. */
export type Middleware = (
  event: VeltrixEvent<string, any>,
  context: AttemptContext<any>,
  next: () => Promise<unknown>,
) => unknown

export type Handling =
  | { readonly kind: 'single'; readonly run: AnyHandler }
  | { readonly kind: 'batch'; readonly run: AnyBatchHandler; readonly maxEvents: number; readonly maxWaitMs: number }

const defaultBatch = { maxEvents: 100, maxWaitMs: 50 }

export class Handlers {
  private readonly config: CompiledConfig
  private readonly bySubscription = new Map<string, Map<string, Handling>>()
  private readonly middleware: Middleware[] = []

  constructor(config: CompiledConfig) {
    this.config = config
  }

  /** @throws HandlerInvalid */
  addSingle(subscription: string, type: string, run: AnyHandler): void {
    this.add(subscription, type, run, { kind: 'single', run })
  }

  /** @throws HandlerInvalid */
  addBatch(subscription: string, type: string, run: AnyBatchHandler): void {
    const batch = this.config.subscriptions.get(subscription)?.batch ?? defaultBatch
    this.add(subscription, type, run, { kind: 'batch', run, ...batch })
  }

  use(middleware: Middleware): void {
    this.middleware.push(middleware)
  }

  /** Subscriptions with at least one handler. */
  registered(): string[] {
    return [...this.bySubscription.keys()]
  }

  /**
   * Handlers of a subscription, middleware applied, by event type.
   * @throws HandlerInvalid when one of its types has none
   */
  of(subscription: CompiledSubscription): ReadonlyMap<string, Handling> {
    const found = this.bySubscription.get(subscription.name)
    const missing = [...subscription.events].filter((type) => !found?.has(type))
    if (missing.length > 0) {
      throw new HandlerInvalid(
        `Subscription "${subscription.name}" takes ${missing.map((type) => `"${type}"`).join(', ')} but has no handler for it. Register one with handle(), or take the type out of its "events".`,
      )
    }
    return new Map([...found!].map(([type, handling]) => [type, this.wrapped(handling)]))
  }

  private wrapped(handling: Handling): Handling {
    if (handling.kind === 'batch' || this.middleware.length === 0) return handling
    const run = this.middleware.reduceRight<AnyHandler>(
      (inner, outer) => (event, context) => outer(event, context, async () => inner(event, context)),
      handling.run,
    )
    return { kind: 'single', run }
  }

  private add(subscription: string, type: string, run: unknown, handling: Handling): void {
    const known = this.config.subscriptions.get(subscription)
    if (!known) {
      const names = [...this.config.subscriptions.keys()].join(', ') || 'none'
      throw new HandlerInvalid(`There is no subscription "${subscription}". The typed file has: ${names}.`)
    }
    if (!known.events.has(type)) {
      const types = [...known.events].join(', ')
      throw new HandlerInvalid(`Subscription "${subscription}" does not take "${type}". It takes: ${types}.`)
    }
    if (typeof run !== 'function') {
      throw new HandlerInvalid(`The handler of "${subscription}" for "${type}" is not a function.`)
    }
    const handlers = this.bySubscription.get(subscription) ?? new Map<string, Handling>()
    if (handlers.has(type)) {
      throw new HandlerInvalid(
        `Subscription "${subscription}" has a handler for "${type}" already; a type has one handler.`,
      )
    }
    handlers.set(type, handling)
    this.bySubscription.set(subscription, handlers)
  }
}
