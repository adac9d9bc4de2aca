/**
 * The lines of the tail: bounded, the newest first, and still while somebody reads.
 * @module
 */
import type { TailEvents, TailLine } from '../../../api/index.ts'
import { follow, type Link } from '../../event-stream.ts'

const mostLines = 2_000

export class TailFeed {
  /** Shown. */
  lines: readonly TailLine[] = []
  link: Link = { state: 'connecting', problem: null, tries: 0 }
  /** A filter that the server gave up. */
  trouble: string | null = null
  /** Left out by the server, since the beginning. */
  skipped = 0
  #fresh: TailLine[] = []
  readonly #holds = new Set<string>()
  readonly #url: string
  readonly #changed: () => void

  constructor(url: string, changed: () => void) {
    this.#url = url
    this.#changed = changed
  }

  /** Returns how to end it. */
  start(): () => void {
    let begun = false
    return follow(this.#url, {
      link: (link) => {
        // After a lost connection the last events are told again.
        if (link.state === 'open') begun = true
        this.link = link
        this.#changed()
      },
      event: (name, data) => {
        if (name === 'trouble') {
          this.trouble = (data as { detail: string }).detail
          return this.#changed()
        }
        if (name !== 'events') return
        const { events, skipped } = data as TailEvents
        this.skipped += skipped
        this.#take(events, begun)
        begun = false
      },
    })
  }

  get held(): boolean {
    return this.#holds.size > 0
  }

  /** New ones, not shown while it is held. */
  get waiting(): number {
    return this.#fresh.length
  }

  setHeld(by: 'scroll' | 'button', held: boolean): void {
    if (this.#holds.has(by) === held) return
    if (held) this.#holds.add(by)
    else this.#holds.delete(by)
    this.#show()
  }

  #take(events: readonly TailLine[], first: boolean): void {
    const known = first ? new Set([...this.lines, ...this.#fresh].map(placeOf)) : null
    const fresh = known === null ? events : events.filter((line) => !known.has(placeOf(line)))
    if (fresh.length === 0 && events.length > 0) return
    this.#fresh = [...this.#fresh, ...fresh].slice(-mostLines)
    this.#show()
  }

  #show(): void {
    if (!this.held && this.#fresh.length > 0) {
      this.lines = [...this.#fresh.toReversed(), ...this.lines].slice(0, mostLines)
      this.#fresh = []
    }
    if (!document.hidden) this.#changed()
  }
}

function placeOf({ topic, partition, offset }: TailLine): string {
  return `${topic}/${partition}/${offset}`
}
