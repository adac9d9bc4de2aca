/**
 * What happened, as marks on the plots: told by people, and by the channels.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages, ChannelName } from '../../channels.ts'
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import type { Mark } from '../api/index.ts'

const kept = 200
/** The same again within this time is not told: an outage tells of itself many times. */
const quietMs = 30_000
const maxText = 300

export class Marks {
  readonly #clock: Clock
  readonly #subscriptions: ReadonlySet<string>
  readonly #told: (mark: Mark) => void
  readonly #marks: Mark[] = []
  readonly #lastAt = new Map<string, number>()
  readonly #open = new Set<string>()
  /** Changes of partitions since the last second: one rebalance gives many. */
  readonly #moved = new Map<string, { assigned: number; revoked: number; lost: number }>()
  readonly #hooks: { name: ChannelName; hear: (message: unknown) => void }[] = []

  /** @param told hears of each mark as it is made */
  constructor(clock: Clock, config: Pick<CompiledConfig, 'subscriptions'>, told: (mark: Mark) => void) {
    this.#clock = clock
    this.#subscriptions = new Set(config.subscriptions.keys())
    this.#told = told
  }

  /** Oldest first. */
  get all(): readonly Mark[] {
    return this.#marks
  }

  add(kind: Mark['kind'], text: string): void {
    const mark = { at: this.#clock.now(), kind, text: text.slice(0, maxText) }
    this.#marks.push(mark)
    if (this.#marks.length > kept) this.#marks.shift()
    this.#told(mark)
  }

  listen(): void {
    this.#on('veltrix:worker:partitions', ({ subscription, change, partitions }) => {
      const moved = this.#moved.get(subscription) ?? { assigned: 0, revoked: 0, lost: 0 }
      moved[change] += partitions.length
      this.#moved.set(subscription, moved)
    })
    this.#on('veltrix:worker:breaker', ({ subscription, state, failingKeys, seenKeys }) => {
      if (state === 'closed') {
        if (this.#open.delete(subscription)) this.add('breaker', `${subscription}: the outage is over`)
      } else if (!this.#open.has(subscription)) {
        this.#open.add(subscription)
        this.add('breaker', `${subscription}: ${failingKeys} of ${seenKeys} recent keys fail, it waits`)
      }
    })
    this.#on('veltrix:worker:stall', ({ subscription, text }) => this.#fault(`${subscription}: ${text}`))
    this.#on('veltrix:worker:stuck', ({ subscription, type }) =>
      this.#fault(`${subscription}: a handler of ${type} ignores its time-out`),
    )
    this.#on('veltrix:worker:trouble', ({ subscription, doing, error }) =>
      this.#fault(`${subscription}: ${doing}: ${error.message}`),
    )
  }

  /** One second went by: what was gathered is told. */
  second(): void {
    for (const [subscription, moved] of this.#moved) {
      const changes = Object.entries(moved).filter(([, count]) => count > 0)
      const text = changes.map(([change, count]) => `${count} ${change}`).join(', ')
      this.add('rebalance', `${subscription}: partitions: ${text}`)
    }
    this.#moved.clear()
    const now = this.#clock.monotonic()
    for (const [text, at] of this.#lastAt) if (now - at > quietMs) this.#lastAt.delete(text)
  }

  close(): void {
    for (const { name, hear } of this.#hooks.splice(0)) unsubscribe(name, hear)
  }

  #fault(text: string): void {
    if (this.#lastAt.has(text) || this.#lastAt.size >= kept) return
    this.#lastAt.set(text, this.#clock.monotonic())
    this.add('fault', text)
  }

  #on<Name extends ChannelName>(name: Name, hear: (message: ChannelMessages[Name]) => void): void {
    const hook = (message: unknown): void => {
      const { subscription } = message as { readonly subscription: string }
      if (this.#subscriptions.has(subscription)) hear(message as ChannelMessages[Name])
    }
    subscribe(name, hook)
    this.#hooks.push({ name, hear: hook })
  }
}
