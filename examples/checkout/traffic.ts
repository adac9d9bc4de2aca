/**
 * The shop's customers: steady orders and page views, a flood of page views every few seconds, one order that cannot be fulfilled,
 * one outage of the payment provider.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { App } from '../../src/index.ts'
import type { PaymentProvider } from './provider.ts'
import type { Recorder } from './recorder.ts'
import type config from './veltrix.config.ts'

export interface TrafficOptions {
  readonly app: App<typeof config, unknown>
  readonly recorder: Recorder
  readonly provider: PaymentProvider
  readonly missingSku: string
  readonly signal: AbortSignal
  /** A line for people. */
  readonly tell: (text: string) => void
}

const ordersPerSecond = 80
const viewsPerSecond = 300
const flood = { firstMs: 1500, everyMs: 4000, views: 12_000, chunk: 500 }
const poisonAtMs = 2000
const outage = { atMs: 3500, forMs: 2500 }
const visitors = 3000
const tickMs = 25

/** Publishes until `signal` aborts; resolves when every publish has its answer. */
export async function customers(options: TrafficOptions): Promise<void> {
  const { signal } = options
  const shop = new Shop(options)
  await Promise.all([
    steady(ordersPerSecond, signal, () => shop.order()),
    steady(viewsPerSecond, signal, () => shop.view()),
    floods(shop, options),
    after(poisonAtMs, signal, () => shop.poison()),
    after(outage.atMs, signal, () => {
      options.provider.breakFor(outage.forMs)
      options.tell(`the payment provider is out of order for ${outage.forMs / 1000} s`)
    }),
  ])
  await shop.answered()
}

class Shop {
  readonly #options: TrafficOptions
  readonly #underWay = new Set<Promise<unknown>>()
  #orders = 0

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** An order, and for every third a change right behind it, in order. */
  order(sku = `sku-${Math.floor(Math.random() * 50)}`): string {
    const orderId = `o-${this.#options.recorder.run}-${++this.#orders}`
    const total = Math.round(Math.random() * 20_000 + 100) / 100
    this.#publish('order.placed', { orderId, sku, total, email: `${orderId}@example.org` }, 'critical', orderId)
    if (this.#orders % 3 === 0) this.change(orderId)
    return orderId
  }

  change(orderId: string): void {
    this.#publish('order.changed', { orderId, note: 'leave it with the neighbours' }, 'critical', orderId)
  }

  /**
   * A view is not worth an id of its own (which the log would remember for a day, to store it once): the books know it by an
   * extension attribute.
   */
  view(): void {
    const { visitorId, path } = someView('visitor')
    const { app, recorder } = this.#options
    const view = recorder.nextId()
    recorder.publishing(view, 'page.viewed', 'bulk', visitorId)
    this.#answer(view, app.publish('page.viewed', { visitorId, path }, { extensions: { view } }))
  }

  /** An order the warehouse fails at, with two changes behind it: they must not overtake it. */
  poison(): void {
    const orderId = this.order(this.#options.missingSku)
    this.change(orderId)
    this.change(orderId)
    this.#options.tell(`order ${orderId} cannot be fulfilled, two changes follow it`)
  }

  /** Many views at once; resolves when they are durable. */
  async views(count: number): Promise<void> {
    const { app, recorder } = this.#options
    const items = Array.from({ length: count }, () => {
      const data = someView('crowd')
      const id = recorder.nextId()
      recorder.publishing(id, 'page.viewed', 'bulk', data.visitorId)
      return { type: 'page.viewed', data, extensions: { view: id } } as const
    })
    const outcomes = await app.publishMany(items)
    for (const [index, outcome] of outcomes.entries()) {
      const id = items[index]!.extensions.view
      if (outcome.ok) recorder.acked(id)
      else recorder.failed(id)
    }
  }

  async answered(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #publish(type: 'order.placed' | 'order.changed', data: object, lane: string, key: string): void {
    const { app, recorder } = this.#options
    const id = recorder.nextId()
    recorder.publishing(id, type, lane, key)
    this.#answer(id, app.publish(type, data as never, { id }))
  }

  #answer(id: string, published: Promise<unknown>): void {
    const { recorder } = this.#options
    const done = published
      .then(
        () => recorder.acked(id),
        () => recorder.failed(id),
      )
      .finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
  }
}

async function floods(shop: Shop, { signal, tell }: TrafficOptions): Promise<void> {
  await pause(flood.firstMs, signal)
  while (!signal.aborted) {
    tell(`a flood of ${flood.views.toLocaleString('en')} page views`)
    for (let sent = 0; sent < flood.views && !signal.aborted; sent += flood.chunk) await shop.views(flood.chunk)
    await pause(flood.everyMs, signal)
  }
}

/** Calls `act` `perSecond` times a second, evenly; a late tick makes up for what was missed, up to a quarter of a second. */
async function steady(perSecond: number, signal: AbortSignal, act: () => void): Promise<void> {
  let last = performance.now()
  let due = 0
  while (!signal.aborted) {
    const now = performance.now()
    due = Math.min(due + ((now - last) / 1000) * perSecond, perSecond / 4)
    last = now
    for (; due >= 1; due--) act()
    await pause(tickMs, signal)
  }
}

async function after(ms: number, signal: AbortSignal, act: () => void): Promise<void> {
  await pause(ms, signal)
  if (!signal.aborted) act()
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined)
}

/**
 * The crowd's visitors are others than the steady ones: between a `publish` and a `publishMany` that still runs no order is promised,
 * and the books would count what nobody promised.
 */
function someView(who: 'visitor' | 'crowd'): { visitorId: string; path: string } {
  return {
    visitorId: `${who}-${Math.floor(Math.random() * visitors)}`,
    path: `/goods/${Math.floor(Math.random() * 500)}`,
  }
}
