/**
 * What the channels of this process tell, counted by second. All applications of a process tell on the same channels; what this one's typed
 * file does not name is not counted.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages, ChannelName } from '../../channels.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { Histogram } from '../../telemetry/live/index.ts'
import type { FlowSecond } from '../api/index.ts'

export interface LaneCounts {
  published: number
  handled: number
  dead: number
  retries: number
  readonly waited: Histogram
}

export interface SubscriptionCounts {
  handled: number
  retries: number
}

/** One place where events go: into a topic, or from it to a subscription. */
interface Way extends Omit<FlowSecond, 'perSecond'> {
  count: number
}

export class Counters {
  readonly lanes = new Map<string, LaneCounts>()
  readonly subscriptions = new Map<string, SubscriptionCounts>()
  readonly gateway = new Map<string, number>()
  /** By topic: into it, and by subscription out of it. */
  readonly #ways = new Map<string, { readonly into: Way; readonly out: Map<string, Way> }>()
  readonly #topics = new Map<string, string>()
  readonly #hooks: { name: ChannelName; hear: (message: unknown) => void }[] = []

  constructor(config: CompiledConfig) {
    for (const { name } of config.lanes) {
      this.lanes.set(name, { published: 0, handled: 0, dead: 0, retries: 0, waited: new Histogram() })
    }
    for (const { name, topics } of config.streams.values()) {
      for (const [lane, topic] of topics) {
        this.#topics.set(`${name}\n${lane}`, topic)
        this.#ways.set(topic, { into: { stream: name, lane, subscription: null, count: 0 }, out: new Map() })
      }
    }
    for (const sub of config.subscriptions.values()) {
      this.subscriptions.set(sub.name, { handled: 0, retries: 0 })
      for (const { topic, stream, lane } of sub.topics) {
        this.#ways.get(topic)?.out.set(sub.name, { stream, lane, subscription: sub.name, count: 0 })
      }
    }
  }

  listen(): void {
    this.#on('veltrix:publisher:acked', ({ lane, stream, events }) => {
      const way = this.#ways.get(this.#topics.get(`${stream}\n${lane}`) ?? '')
      if (way === undefined) return
      way.into.count += events
      this.lanes.get(lane)!.published += events
    })
    this.#on('veltrix:worker:started', ({ lane, attempt, waitedMs }) => {
      if (attempt === 1) this.lanes.get(lane)?.waited.record(waitedMs)
    })
    this.#on('veltrix:worker:handled', ({ lane, topic, subscription }) => {
      const out = this.#ways.get(topic)?.out.get(subscription)
      if (out === undefined) return
      out.count++
      this.lanes.get(lane)!.handled++
      this.subscriptions.get(subscription)!.handled++
    })
    this.#on('veltrix:worker:retry', ({ lane, topic, subscription }) => {
      if (!this.#ways.get(topic)?.out.has(subscription)) return
      this.lanes.get(lane)!.retries++
      this.subscriptions.get(subscription)!.retries++
    })
    this.#on('veltrix:worker:dead', ({ lane, topic, subscription }) => {
      if (this.#ways.get(topic)?.out.has(subscription)) this.lanes.get(lane)!.dead++
    })
    this.#on('veltrix:gateway:answered', ({ code }) => {
      this.gateway.set(String(code), (this.gateway.get(String(code)) ?? 0) + 1)
    })
  }

  close(): void {
    for (const { name, hear } of this.#hooks.splice(0)) unsubscribe(name, hear)
  }

  flows(perSecond: (count: number) => number): FlowSecond[] {
    return [...this.#ways.values()]
      .flatMap(({ into, out }) => [into, ...out.values()])
      .map(({ count, ...way }) => ({ ...way, perSecond: perSecond(count) }))
  }

  /** Begins the next second. */
  clear(): void {
    for (const lane of this.lanes.values()) {
      Object.assign(lane, { published: 0, handled: 0, dead: 0, retries: 0 })
      lane.waited.clear()
    }
    for (const subscription of this.subscriptions.values()) Object.assign(subscription, { handled: 0, retries: 0 })
    for (const { into, out } of this.#ways.values()) {
      into.count = 0
      for (const way of out.values()) way.count = 0
    }
    this.gateway.clear()
  }

  #on<Name extends ChannelName>(name: Name, hear: (message: ChannelMessages[Name]) => void): void {
    const hook = (message: unknown): void => hear(message as ChannelMessages[Name])
    subscribe(name, hook)
    this.#hooks.push({ name, hear: hook })
  }
}
