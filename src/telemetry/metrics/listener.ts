/**
 * From the channels to numbers. With nobody listening, a message costs its sender one check.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages, ChannelName } from '../../channels.ts'
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { ErrorNames } from './error-names.ts'
import { Places } from './places.ts'
import type { Registry } from './registry.ts'
import { SubscriptionState } from './subscription-state.ts'

export interface ListenerOptions {
  readonly registry: Registry
  readonly config: CompiledConfig
  readonly clock: Clock
  /** As the conventions name what carries the events: `kafka`, or `veltrix` for the embedded log. */
  readonly system: string
}

type Message<Name extends ChannelName> = ChannelMessages[Name]

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'])

export class Listener {
  readonly #registry: Registry
  readonly #config: CompiledConfig
  readonly #system: string
  readonly #places: Places
  readonly #states: ReadonlyMap<string, SubscriptionState>
  readonly #errors = new ErrorNames()
  readonly #hooks: { readonly name: ChannelName; readonly hear: (message: unknown) => void }[] = []

  constructor({ registry, config, clock, system }: ListenerOptions) {
    this.#registry = registry
    this.#config = config
    this.#system = system
    this.#places = new Places(registry, config, system)
    this.#states = new Map(
      [...config.subscriptions.values()].map((sub) => [sub.name, new SubscriptionState(registry, config, sub, clock)]),
    )
  }

  /** Listens until `stop`. */
  start(): void {
    this.#publisher()
    this.#attempts()
    this.#letters()
    this.#state()
    this.#mishaps()
    this.#gateway()
  }

  stop(): void {
    for (const { name, hear } of this.#hooks.splice(0)) unsubscribe(name, hear)
  }

  /** Before numbers are shown. */
  forgetSilent(): void {
    for (const state of this.#states.values()) state.forgetSilent()
  }

  #publisher(): void {
    const size = this.#registry.series('batchSize', {})
    const bytes = this.#registry.series('batchBytes', {})
    this.#on('veltrix:publisher:batch', (m) => {
      size.record(m.events)
      bytes.record(m.bytes)
    })
    this.#on('veltrix:publisher:acked', (m) => {
      const place = this.#places.published(m)
      place?.sent.add(m.events)
      place?.duration.record(m.durationMs / 1000)
    })
    this.#on('veltrix:publisher:failed', (m) => {
      const place = this.#places.published(m)
      if (place === undefined) return
      const labels = { ...place.labels, 'error.type': this.#errors.of(m.error) }
      this.#registry.series('sent', labels).add(m.events)
      this.#registry
        .series('operationDuration', { ...labels, 'messaging.operation.type': 'send' })
        .record(m.durationMs / 1000)
    })
  }

  #attempts(): void {
    this.#on('veltrix:worker:started', (m) => {
      const place = this.#places.handled(m)
      place?.consumed.add(1)
      if (m.attempt === 1) place?.wait.record(m.waitedMs / 1000)
    })
    this.#on('veltrix:worker:handled', (m) => {
      const place = this.#places.handled(m)
      if (place === undefined) return
      place.handled.record(m.durationMs / 1000)
      place.endToEnd.record(m.totalMs / 1000)
      place.attempts.record(m.attempt)
    })
    this.#on('veltrix:worker:failed', (m) => {
      const place = this.#places.handled(m)
      if (place === undefined) return
      const failed = { 'messaging.operation.type': 'process', 'error.type': this.#errors.of(m.error) }
      this.#registry.series('processDuration', { ...place.operation, ...failed }).record(m.durationMs / 1000)
    })
    this.#on('veltrix:worker:retry', (m) => {
      const place = this.#places.handled(m)
      if (place === undefined) return
      this.#registry.series('retries', { ...place.labels, 'error.type': this.#errors.of(m.error) }).add(1)
    })
    this.#on('veltrix:worker:stuck', (m) => {
      const place = this.#places.handled(m)
      if (place !== undefined) this.#registry.series('stuck', place.labels).add(1)
    })
  }

  #letters(): void {
    this.#on('veltrix:worker:dead', (m) => {
      const place = this.#places.handled(m)
      if (place === undefined) return
      const why = { 'veltrix.reason': m.reason, 'error.type': this.#errors.of(m.error) }
      this.#registry.series('deadKept', { ...place.labels, ...why }).add(1)
    })
    this.#on('veltrix:worker:parked', (m) => this.#places.handled(m)?.parked.add(1))
  }

  #state(): void {
    this.#on('veltrix:worker:state', (m) => this.#states.get(m.subscription)?.tell(m))
    this.#on('veltrix:worker:breaker', (m) => this.#states.get(m.subscription)?.breaker(m.state))
    this.#on('veltrix:worker:commit', (m) => this.#commit(m))
    this.#on('veltrix:worker:partitions', (m) => {
      if (!this.#config.subscriptions.has(m.subscription)) return
      const labels = { 'veltrix.subscription': m.subscription, 'veltrix.change': m.change }
      this.#registry.series('rebalanced', labels).add(m.partitions.length)
    })
  }

  #commit({ subscription, durationMs, metadataBytes }: Message<'veltrix:worker:commit'>): void {
    const sub = this.#config.subscriptions.get(subscription)
    if (sub === undefined) return
    this.#registry.series('commitState', { 'veltrix.subscription': subscription }).record(metadataBytes)
    const labels = {
      'messaging.system': this.#system,
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
      'messaging.consumer.group.name': sub.group,
    }
    this.#registry.series('operationDuration', labels).record(durationMs / 1000)
  }

  #mishaps(): void {
    this.#noStallsYet()
    this.#on('veltrix:worker:stall', (m) => {
      if (!this.#isOurs(m)) return
      const labels = {
        'veltrix.subscription': m.subscription,
        'veltrix.lane': m.lane,
        'veltrix.cause': m.cause,
      }
      this.#registry.series('stalls', labels).add(1)
    })
    this.#on('veltrix:worker:backpressure', (m) => {
      if (!this.#isOurs(m)) return
      const labels = { 'veltrix.subscription': m.subscription, 'veltrix.reason': m.reason }
      this.#registry.series('pauses', labels).add(1)
    })
    this.#on('veltrix:worker:trouble', (m) => {
      if (!this.#isOurs(m)) return
      const labels = { 'veltrix.subscription': m.subscription, 'error.type': this.#errors.of(m.error) }
      this.#registry.series('troubles', labels).add(1)
    })
  }

  /** There before the first one: what grows is seen from the nought before it. */
  #noStallsYet(): void {
    for (const { name, topics } of this.#config.subscriptions.values())
      for (const lane of new Set(topics.map((topic) => topic.lane)))
        for (const cause of ['fetch', 'commit', 'handler', 'unknown'])
          this.#registry.series('stalls', {
            'veltrix.subscription': name,
            'veltrix.lane': lane,
            'veltrix.cause': cause,
          })
  }

  #gateway(): void {
    const lanes = new Set(this.#config.lanes.map(({ name }) => name))
    this.#on('veltrix:gateway:answered', (m) => {
      const labels = {
        'http.request.method': methods.has(m.method) ? m.method : '_OTHER',
        'http.response.status_code': String(m.code),
        'http.route': m.route ?? 'unmatched',
        'url.scheme': 'http',
        ...(m.lane !== undefined && lanes.has(m.lane) && { 'veltrix.lane': m.lane }),
      }
      this.#registry.series('gateway', labels).record(m.durationMs / 1000)
    })
  }

  #isOurs({ subscription, topic }: { subscription: string; topic?: string }): boolean {
    if (topic === undefined) return this.#config.subscriptions.has(subscription)
    return this.#places.handled({ subscription, topic }) !== undefined
  }

  #on<Name extends ChannelName>(name: Name, hear: (message: Message<Name>) => void): void {
    const hook = (message: unknown): void => hear(message as Message<Name>)
    subscribe(name, hook)
    this.#hooks.push({ name, hear: hook })
  }
}
