/**
 * Publishing what a reader yields: many at once, in order, as fast as the log takes them.
 * @module
 */
import { mask, maskedField } from '../../config/index.ts'
import type { App } from '../../veltrix.ts'
import type { Item } from '../input/item.ts'
import { publicationOf, type PublicationOptions } from '../input/publication.ts'
import type { Progress } from './progress.ts'

/** Publishes waiting for the log at one time. They coalesce into few writes; more would only take memory. */
const mostInFlight = 2000

export interface StreamOptions {
  readonly app: Pick<App, 'publish' | 'config'>
  readonly items: AsyncIterable<Item>
  /** The type of every item, when items are payloads. */
  readonly type: string | undefined
  readonly given: PublicationOptions
  readonly progress: Progress
  /** Told about each item that was not published. */
  readonly failed: (line: number, error: unknown) => void
  /** Stops reading; what is on its way is waited for. */
  readonly signal: AbortSignal
}

/** Resolves when every item was published or has failed. */
export async function publishStream(options: StreamOptions): Promise<void> {
  const { items, progress, signal } = options
  const flights = new Flights()
  try {
    for await (const item of items) {
      if (signal.aborted) break
      await flights.room(mostInFlight)
      flights.add(publishItem(options, item).then(() => progress.tick()))
    }
  } finally {
    await flights.landed()
  }
}

async function publishItem(options: StreamOptions, item: Item): Promise<void> {
  const { app, progress } = options
  try {
    if ('problem' in item) throw new ItemInvalid(item.problem)
    const publication = publicationOf(item.value, options.type, options.given)
    if (typeof publication === 'string') throw new ItemInvalid(publication)
    const secret = maskedField(publication.data, publication.type, app.config)
    if (secret !== undefined) {
      throw new ItemInvalid(
        `data.${secret} is "${mask}": the event was read where secret fields are masked, and its value is not known. Put it in, or leave the event out.`,
      )
    }
    const result = await app.publish(publication.type, publication.data, publication.options)
    progress.published++
    if (result.duplicate) progress.duplicates++
  } catch (error) {
    progress.failed++
    options.failed(item.line, error)
  }
}

/** Thrown inside for an item that is no event at all. */
class ItemInvalid extends Error {
  override readonly name = 'ItemInvalid'
  readonly code = 'ITEM_INVALID'
}

/** Work that is under way, counted. */
class Flights {
  #count = 0
  #wake: (() => void) | undefined

  add(work: Promise<void>): void {
    this.#count++
    void work.finally(() => {
      this.#count--
      this.#wake?.()
    })
  }

  async room(most: number): Promise<void> {
    while (this.#count >= most) await this.#next()
  }

  async landed(): Promise<void> {
    while (this.#count > 0) await this.#next()
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
