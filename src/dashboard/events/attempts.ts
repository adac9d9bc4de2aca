/**
 * What became of the last events in this process: a ring of what the channels told, looked through when somebody asks for one event.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages, ChannelName } from '../../channels.ts'
import type { Clock } from '../../clock.ts'

const told = {
  'veltrix:worker:started': 'started',
  'veltrix:worker:handled': 'handled',
  'veltrix:worker:retry': 'retry',
  'veltrix:worker:dead': 'dead',
  'veltrix:worker:parked': 'parked',
} as const

type Told = keyof typeof told

/** One moment of one event. */
export interface Moment {
  readonly at: number
  readonly kind: (typeof told)[Told]
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly subscription: string
  readonly attempt: number | undefined
  readonly durationMs: number | undefined
  readonly delayMs: number | undefined
  readonly reason: string | undefined
  /** `Name: message` */
  readonly error: string | undefined
}

const maxErrorLength = 300

export class Attempts {
  readonly #clock: Clock
  readonly #size: number
  /** The oldest at `#next` once it is full. */
  readonly #ring: Moment[] = []
  readonly #hooks: { name: ChannelName; hear: (message: unknown) => void }[] = []
  #next = 0

  /** @param size moments that are remembered */
  constructor(clock: Clock, size = 50_000) {
    this.#clock = clock
    this.#size = size
  }

  listen(): void {
    for (const name of Object.keys(told) as Told[]) {
      const kind = told[name]
      const hear = (message: unknown): void => this.#remember(kind, message as ChannelMessages[Told])
      subscribe(name, hear)
      this.#hooks.push({ name, hear })
    }
  }

  close(): void {
    for (const { name, hear } of this.#hooks.splice(0)) unsubscribe(name, hear)
  }

  /** Oldest first. */
  of(topic: string, partition: number, offset: number): Moment[] {
    const isIt = (moment: Moment): boolean =>
      moment.offset === offset && moment.partition === partition && moment.topic === topic
    const later = this.#ring.slice(0, this.#next).filter(isIt)
    return [...this.#ring.slice(this.#next).filter(isIt), ...later]
  }

  #remember(kind: Moment['kind'], message: ChannelMessages[Told]): void {
    const { topic, partition, offset, subscription } = message
    // Every moment has the same fields, so that all of them take little room.
    const { attempt, durationMs, delayMs, reason, error } = message as Partial<
      Omit<Moment, 'error'> & { readonly error: Error }
    >
    this.#ring[this.#next] = {
      at: this.#clock.now(),
      kind,
      topic,
      partition,
      offset,
      subscription,
      attempt,
      durationMs,
      delayMs,
      reason,
      error: error === undefined ? undefined : `${error.name}: ${error.message}`.slice(0, maxErrorLength),
    }
    this.#next = (this.#next + 1) % this.#size
  }
}
