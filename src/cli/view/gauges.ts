/**
 * Counts what the channels tell, lane by lane and subscription by subscription.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages, ChannelName } from '../../channels.ts'
import type { Clock } from '../../clock.ts'
import { Rate, RollingLatency, WaitingKeys } from '../../telemetry/live/index.ts'
import { Notes } from './notes.ts'
import type { LaneNumbers, Snapshot, SubscriptionNumbers } from './snapshot.ts'

/** Records not committed, as `lag.ts` counts them. */
export interface LagCounts {
  readonly byLane: ReadonlyMap<string, number>
  readonly bySubscription: ReadonlyMap<string, number>
}

interface Lane {
  readonly published: Rate
  readonly handled: Rate
  readonly waited: RollingLatency
  readonly total: RollingLatency
  dead: number
}

interface Subscription {
  state?: ChannelMessages['veltrix:worker:state']
  breaker?: 'closed' | 'open' | 'half-open'
  handled: number
  retries: number
  dead: number
}

type Messages = { [Name in ChannelName]: ChannelMessages[Name] }

export interface GaugesOptions {
  readonly app: string
  readonly lanes: readonly string[]
  readonly subscriptions: readonly string[]
  readonly clock: Clock
}

export class Gauges {
  readonly notes = new Notes()
  /** Where events are taken over HTTP. */
  gateway: string | null = null
  /** Where it is shown in a browser, with the token that lets in. */
  dashboard: string | null = null
  readonly #clock: Clock
  readonly #app: string
  readonly #startedAt: number
  readonly #lanes = new Map<string, Lane>()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #waiting = new WaitingKeys()
  readonly #hooks: { name: ChannelName; hear: (message: unknown) => void }[] = []
  #lag: LagCounts | undefined
  #failedPublishes = 0
  #retries = 0
  #firstHandledMs: number | null = null

  constructor(options: GaugesOptions) {
    this.#clock = options.clock
    this.#app = options.app
    this.#startedAt = options.clock.monotonic()
    for (const lane of options.lanes) this.#lane(lane)
    for (const name of options.subscriptions) this.#subscription(name)
  }

  /** Listens from now on. */
  listen(): void {
    this.#on('veltrix:publisher:acked', (m) => this.#lane(m.lane).published.add(m.events, this.#now()))
    this.#on('veltrix:publisher:failed', (m) => {
      this.#failedPublishes += m.events
      this.notes.add('trouble', `publishing to ${m.stream} failed: ${m.error.message}`, this.#clock.now())
    })
    this.#on('veltrix:worker:started', (m) => {
      this.#waiting.goesOn(m)
      if (m.attempt === 1) this.#lane(m.lane).waited.record(m.waitedMs, this.#now())
    })
    this.#on('veltrix:worker:handled', (m) => this.#handled(m))
    this.#on('veltrix:worker:retry', (m) => this.#retry(m))
    this.#on('veltrix:worker:dead', (m) => this.#dead(m))
    this.#on('veltrix:worker:state', (m) => {
      this.#subscription(m.subscription).state = m
      this.#subscription(m.subscription).breaker = m.breaker
    })
    this.#on('veltrix:worker:breaker', (m) => {
      this.#subscription(m.subscription).breaker = m.state
      this.notes.breaker(m, this.#clock.now())
    })
    this.#on('veltrix:worker:trouble', (m) =>
      this.notes.add('trouble', `${m.subscription}: ${m.doing}: ${m.error.message}`, this.#clock.now()),
    )
    this.#on('veltrix:worker:stuck', (m) =>
      this.notes.add('trouble', `${m.subscription}: ${m.type} key ${m.key} ignores its time-out`, this.#clock.now()),
    )
    this.#on('veltrix:worker:stall', (m) =>
      this.notes.add('trouble', `${m.subscription}: ${m.text}`, this.#clock.now()),
    )
    this.#on('veltrix:worker:duplicate', (m) => {
      if (!m.conflict) return
      const text = `${m.subscription}: id ${m.id} of ${m.topic}/${m.partition}/${m.offset} was used for another event at ${m.earlierOffset}`
      this.notes.add('trouble', text, this.#clock.now())
    })
  }

  close(): void {
    for (const { name, hear } of this.#hooks.splice(0)) unsubscribe(name, hear)
  }

  lag(counts: LagCounts): void {
    this.#lag = counts
  }

  snapshot(): Snapshot {
    return {
      at: new Date(this.#clock.now()).toISOString(),
      app: this.#app,
      upMs: Math.round(this.#now() - this.#startedAt),
      lanes: Object.fromEntries([...this.#lanes.keys()].map((name) => [name, this.#laneNumbers(name)])),
      subscriptions: Object.fromEntries(
        [...this.#subscriptions].map(([name, subscription]) => [name, this.#subscriptionNumbers(name, subscription)]),
      ),
      failedPublishes: this.#failedPublishes,
      retries: this.#retries,
      gateway: this.gateway,
      dashboard: this.dashboard,
    }
  }

  /** From the clock's own start (with the system's clock: of the process) to the first handled event; null before it. */
  get firstHandledMs(): number | null {
    return this.#firstHandledMs
  }

  /** p99 of the last full second, from publish to handler start. Milliseconds. */
  lastSecondP99(lane: string): number | undefined {
    return this.#lane(lane).waited.lastSecond(this.#now()).quantile(0.99)
  }

  /** Quantiles of the whole run, for the summary. Milliseconds. */
  whole(lane: string): {
    p50Ms: number | null
    p99Ms: number | null
    totalP50Ms: number | null
    totalP99Ms: number | null
  } {
    const { waited, total } = this.#lane(lane)
    return {
      p50Ms: rounded(waited.whole.quantile(0.5)),
      p99Ms: rounded(waited.whole.quantile(0.99)),
      totalP50Ms: rounded(total.whole.quantile(0.5)),
      totalP99Ms: rounded(total.whole.quantile(0.99)),
    }
  }

  #handled(message: Messages['veltrix:worker:handled']): void {
    const now = this.#now()
    this.#firstHandledMs ??= Math.round(now)
    const lane = this.#lane(message.lane)
    lane.handled.add(1, now)
    lane.total.record(message.totalMs, now)
    this.#waiting.goesOn(message)
    this.#subscription(message.subscription).handled++
  }

  #retry(message: Messages['veltrix:worker:retry']): void {
    this.#retries++
    this.#waiting.waits(message)
    this.#subscription(message.subscription).retries++
    this.notes.retry(message.subscription, message.error)
  }

  #dead(message: Messages['veltrix:worker:dead']): void {
    this.#waiting.goesOn(message)
    this.#lane(message.lane).dead++
    this.#subscription(message.subscription).dead++
    this.notes.dead(message, this.#clock.now())
  }

  #laneNumbers(name: string): LaneNumbers {
    const lane = this.#lane(name)
    const now = this.#now()
    const waited = lane.waited.recent(now)
    const total = lane.total.recent(now)
    return {
      published: lane.published.total,
      handled: lane.handled.total,
      publishedPerSecond: Math.round(lane.published.perSecond(now)),
      handledPerSecond: Math.round(lane.handled.perSecond(now)),
      p50Ms: rounded(waited.quantile(0.5)),
      p99Ms: rounded(waited.quantile(0.99)),
      totalP50Ms: rounded(total.quantile(0.5)),
      totalP99Ms: rounded(total.quantile(0.99)),
      lag: this.#lag === undefined ? null : (this.#lag.byLane.get(name) ?? 0),
      waitingKeys: this.#waiting.in(name),
      deadLetters: lane.dead,
    }
  }

  #subscriptionNumbers(name: string, subscription: Subscription): SubscriptionNumbers {
    const { state } = subscription
    return {
      breaker: subscription.breaker ?? 'closed',
      running: state?.running ?? 0,
      waitingKeys: state?.waitingKeys ?? 0,
      parkedKeys: state?.parkedKeys ?? 0,
      bufferedEvents: state?.bufferedEvents ?? 0,
      lag: this.#lag === undefined ? null : (this.#lag.bySubscription.get(name) ?? 0),
      handled: subscription.handled,
      duplicates: state?.duplicates ?? 0,
      retries: subscription.retries,
      deadLetters: subscription.dead,
    }
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      const now = this.#now()
      lane = {
        published: new Rate(now),
        handled: new Rate(now),
        waited: new RollingLatency(now),
        total: new RollingLatency(now),
        dead: 0,
      }
      this.#lanes.set(name, lane)
    }
    return lane
  }

  #subscription(name: string): Subscription {
    let subscription = this.#subscriptions.get(name)
    if (subscription === undefined) {
      subscription = { handled: 0, retries: 0, dead: 0 }
      this.#subscriptions.set(name, subscription)
    }
    return subscription
  }

  #on<Name extends ChannelName>(name: Name, hear: (message: ChannelMessages[Name]) => void): void {
    const hook = (message: unknown): void => hear(message as ChannelMessages[Name])
    subscribe(name, hook)
    this.#hooks.push({ name, hear: hook })
  }

  #now(): number {
    return this.#clock.monotonic()
  }
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 100) / 100
}
