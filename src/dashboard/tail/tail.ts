/**
 * `GET /api/tail`: events as they come, as many as a person can read. Whatever a viewer does not take is counted and left out: nothing is kept
 * for it beyond one message.
 * @module
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock, Timer } from '../../clock.ts'
import { eventType, keyText } from '../../event/index.ts'
import { newRecords, sourcesOf, storedRecords, type Placed, type Source } from '../../tail/index.ts'
import type { PartitionOffsets } from '../../transport/index.ts'
import type { DashboardApp } from '../app.ts'
import type { TailLine } from '../api/index.ts'
import { cutLine, decoded, shownOf } from '../events/lines.ts'
import { sessionOf } from '../http/guard.ts'
import type { Session } from '../http/sessions.ts'
import { message, type ViewerStream } from '../http/stream.ts'
import type { Viewers } from '../http/viewers.ts'
import { wantedOf, type Wanted } from './query.ts'

/** Messages go out this often at most. */
const everyMs = 100
/** Of one message; more than 200 lines a second nobody reads. */
const linesPerMessage = 20
/** Records looked at for the last ones that match, over all partitions. */
const searched = 50_000
/** How long one tail may look at records before others get their turn. */
const turnMs = 5

export interface TailOptions {
  readonly app: Pick<DashboardApp, 'open' | 'config'>
  readonly viewers: Viewers
  readonly clock: Clock
  readonly onFailure: (error: unknown) => void
}

export class Tail {
  readonly #options: TailOptions

  constructor(options: TailOptions) {
    this.#options = options
  }

  /** @throws DashboardRefused, and what the log cannot be read for */
  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { app, viewers, clock, onFailure } = this.#options
    const session = sessionOf(request)
    const wanted = wantedOf(request.query, app.config, () => clock.monotonic())
    const log = await app.open()
    const sources = await sourcesOf(log, app.config, { stream: wanted.stream, lane: wanted.lane })
    const stream = viewers.open(reply, session)
    const ended = new AbortController()
    stream.once('close', () => ended.abort())
    const lines = new Lines(stream, clock)
    const look = async (): Promise<void> => {
      const sight = new Sight(wanted, app.config, session)
      const isLast = (each: Placed): boolean => !ended.signal.aborted && sight.of(each) !== undefined
      for await (const placed of storedRecords(log, nearEnds(sources), { last: wanted.last }, isLast)) {
        lines.first(sight.of(placed)!)
      }
      lines.begin()
      let since = clock.monotonic()
      for await (const placed of newRecords(log, sources, { signal: ended.signal, clock })) {
        if (sight.isOfInterest(placed)) {
          // Nobody reads what comes faster: it is not even decoded.
          if (lines.isFull && wanted.filter === undefined) lines.skip()
          else lines.add(sight.of(placed))
        }
        if (clock.monotonic() - since < turnMs) continue
        await clock.yield()
        since = clock.monotonic()
        lines.tell(wanted.filter?.givenUp)
      }
    }
    look()
      .catch(onFailure)
      .finally(() => {
        lines.close()
        stream.finish()
      })
    return viewers.send(reply, stream)
  }
}

/** The same, each beginning where the search does: a filter that matches nothing must not read the whole log. */
function nearEnds(sources: readonly (Source & PartitionOffsets)[]): (Source & PartitionOffsets)[] {
  const each = Math.ceil(searched / Math.max(1, sources.length))
  return sources.map((source) => ({ ...source, earliest: Math.max(source.earliest, source.end - each) }))
}

/** What one viewer sees of a record. */
class Sight {
  readonly #wanted: Wanted
  readonly #config: DashboardApp['config']
  readonly #session: Session

  constructor(wanted: Wanted, config: DashboardApp['config'], session: Session) {
    this.#wanted = wanted
    this.#config = config
    this.#session = session
  }

  /** What can be told without decoding it. */
  isOfInterest({ record }: Placed): boolean {
    const { type, key } = this.#wanted
    return (type === undefined || eventType(record) === type) && (key === undefined || keyText(record.key) === key)
  }

  /** Undefined: it is not to be shown. */
  of(placed: Placed): TailLine | undefined {
    if (!this.isOfInterest(placed)) return undefined
    const { filter } = this.#wanted
    const event = decoded(placed)
    const { line, event: seen } = shownOf(placed, event, this.#config, this.#session.rights)
    if (filter !== undefined && (event === undefined || !filter.matches(seen))) return undefined
    return line
  }
}

/** Gathers lines into few messages, and counts what is left out. */
class Lines {
  readonly #stream: ViewerStream
  readonly #clock: Clock
  #lines: TailLine[] = []
  #skipped = 0
  #timer: Timer | undefined
  #told: string | undefined
  #closed = false

  constructor(stream: ViewerStream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
  }

  /** Of what was there already: all of it is sent. */
  first(line: TailLine): void {
    this.#lines.push(cutLine(line))
  }

  /** What was there already goes out, and whatever comes is new. */
  begin(): void {
    this.#send()
  }

  /** Of the message that is being gathered. */
  get isFull(): boolean {
    return this.#lines.length >= linesPerMessage
  }

  skip(): void {
    this.#skipped++
  }

  add(line: TailLine | undefined): void {
    if (line === undefined || this.#closed) return
    if (this.isFull) this.skip()
    else this.#lines.push(cutLine(line))
    this.#timer ??= this.#clock.setTimer(everyMs, () => {
      this.#timer = undefined
      this.#send()
    })
  }

  /** Something about the filter, once. */
  tell(trouble: string | undefined): void {
    if (trouble === undefined || trouble === this.#told) return
    this.#told = trouble
    this.#stream.offer(message('trouble', { detail: trouble }))
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #send(): void {
    const events = this.#lines
    this.#lines = []
    if (this.#stream.offer(message('events', { events, skipped: this.#skipped }))) this.#skipped = 0
    else this.#skipped += events.length
  }
}
