/**
 * Following topics for all readers at once: each topic is read once, however many look at it, and only while somebody does.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { eventType } from '../../event/index.ts'
import { newRecords, sourcesOf, type Placed } from '../../tail/index.ts'
import type { Log } from '../../transport/index.ts'
import type { Place } from './query.ts'
import { toldOf } from './server-sent.ts'

/** Who follows. */
export interface Follower {
  /** By type, before anything else is read of a record; undefined: all, also what cannot be read. */
  readonly isWanted: ((type: string) => boolean) | undefined
  /** Whether it may see an event; undefined: it may see all. */
  readonly mayRead: ((type: string, source: string) => boolean) | undefined
  offer(bytes: Buffer): void
  /** The log cannot be read. */
  failed(error: unknown): void
}

export interface FeedsOptions {
  readonly open: () => Promise<Log>
  readonly config: CompiledConfig
  readonly clock: Clock
}

export class Feeds {
  readonly #options: FeedsOptions
  /** By topic. */
  readonly #feeds = new Map<string, Feed>()

  constructor(options: FeedsOptions) {
    this.#options = options
  }

  /** Resolves when whatever is stored from now on will be offered. @throws what the log cannot be read for */
  async join(places: readonly Place[], follower: Follower): Promise<void> {
    const joined = places.map((place) => {
      const feed = this.#feeds.get(place.topic) ?? this.#begin(place)
      feed.followers.add(follower)
      return feed.opened
    })
    await Promise.all(joined)
  }

  /** Idempotent. */
  leave(follower: Follower): void {
    for (const [topic, feed] of this.#feeds) {
      if (!feed.followers.delete(follower) || feed.followers.size > 0) continue
      this.#feeds.delete(topic)
      feed.end()
    }
  }

  #begin(place: Place): Feed {
    const feed = new Feed(this.#options, place, () => {
      // Who comes next tries anew.
      if (this.#feeds.get(place.topic) === feed) this.#feeds.delete(place.topic)
    })
    this.#feeds.set(place.topic, feed)
    return feed
  }
}

class Feed {
  readonly followers = new Set<Follower>()
  /** Resolves when it is known from where on the topic is read. */
  readonly opened: Promise<void>
  readonly #options: FeedsOptions
  readonly #ended = new AbortController()

  constructor(options: FeedsOptions, place: Place, over: () => void) {
    this.#options = options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.opened = promise
    this.#follow(place, resolve).catch((error: unknown) => {
      over()
      reject(error)
      for (const follower of this.followers) follower.failed(error)
    })
  }

  end(): void {
    this.#ended.abort()
  }

  async #follow({ stream, lane }: Place, opened: () => void): Promise<void> {
    const { open, config, clock } = this.#options
    const log = await open()
    const sources = await sourcesOf(log, config, { stream, lane })
    opened()
    for await (const placed of newRecords(log, sources, { signal: this.#ended.signal, clock })) this.#tell(placed)
  }

  #tell(placed: Placed): void {
    const type = eventType(placed.record)
    const wanting = [...this.followers].filter(
      ({ isWanted }) => isWanted === undefined || (type !== undefined && isWanted(type)),
    )
    if (wanting.length === 0) return
    const { event, bytes } = toldOf(placed, this.#options.config)
    for (const follower of wanting) {
      const { mayRead } = follower
      if (mayRead === undefined || (event !== undefined && mayRead(event.type, event.source))) follower.offer(bytes)
    }
  }
}
