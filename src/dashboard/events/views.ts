/**
 * One event with everything there is to know about it: itself, its headers, its story, its neighbours.
 * @module
 */
import type { ShownLetter } from '../../deadletter/index.ts'
import { decodeEvent, keyText, type VeltrixEvent } from '../../event/index.ts'
import type { Placed } from '../../tail/index.ts'
import type { LogRecord } from '../../transport/index.ts'
import type { DashboardApp } from '../app.ts'
import type { EventView, StoryStep } from '../api/index.ts'
import { DashboardRefused } from '../errors.ts'
import type { Session } from '../http/sessions.ts'
import type { Letters } from '../letters/letters.ts'
import type { Attempts } from './attempts.ts'
import { cloudEvent, cutLine, decoded, shownOf } from './lines.ts'
import { progressAt, worst, type SubscriptionProgress } from './progress.ts'
import { beginning, storyOf } from './story.ts'

export interface EventViewsOptions {
  readonly app: Pick<DashboardApp, 'open' | 'config'>
  readonly letters: Letters
  readonly attempts: Attempts
  /** `https://…/{traceId}` */
  readonly traceUrl: string | undefined
}

/** Records looked at for neighbours, on each side, and how many are shown of each. */
const searched = 1_000
const searchedBytes = 1024 * 1024
const shownNeighbours = 5
/** Raw bytes of larger records are not sent. */
const maxRawBytes = 1024 * 1024
const maxAudit = 50

export class EventViews {
  readonly #options: EventViewsOptions
  /** Only the application's own: a cluster may hold others'. */
  readonly #topics: ReadonlyMap<string, { readonly stream: string; readonly lane: string }>

  constructor(options: EventViewsOptions) {
    this.#options = options
    this.#topics = new Map(
      [...options.app.config.streams.values()].flatMap(({ name, topics }) =>
        [...topics].map(([lane, topic]) => [topic, { stream: name, lane }] as const),
      ),
    )
  }

  /** @throws DashboardRefused, and what the log cannot be read for */
  async at(topic: string, partition: number, offset: number, session: Pick<Session, 'rights'>): Promise<EventView> {
    const where = this.#topics.get(topic)
    if (where === undefined)
      throw new DashboardRefused('not-found', `No stream has the topic ${JSON.stringify(topic)}.`)
    const log = await this.#options.app.open()
    const batch = await log.read({ topic, partition, offset, maxBytes: 1, maxWaitMs: 0 })
    const record = batch.records[0]
    if (record?.offset !== offset) {
      throw new DashboardRefused(
        'not-found',
        `There is no record at ${topic}/${partition}/${offset}: retention may have removed it.`,
      )
    }
    return this.of({ from: { topic, partition, ...where }, record }, session)
  }

  async of(placed: Placed, session: Pick<Session, 'rights'>): Promise<EventView> {
    const { app, letters, traceUrl } = this.#options
    const { from, record } = placed
    const { config } = app
    const { event, undecodable } = decodedOf(record)
    const { line } = shownOf(placed, event, config, session.rights)
    const progress = await progressAt(app, letters, from)
    const mayRead = event === undefined ? session.rights.mayReadPayload('*', '*') : 'data' in line
    const hasSecrets = event !== undefined && (config.events.get(event.type)?.secret.length ?? 0) > 0
    const traceId = event && traceIdOf(event)
    return {
      line: cutLine(line),
      event: event === undefined ? null : cloudEvent(event, 'data' in line ? { data: line.data } : {}),
      undecodable,
      headers: [...record.headers].map(([name, value]) => [name, Buffer.from(value).toString()] as const),
      raw:
        mayRead && !hasSecrets && record.value !== null && record.value.length <= maxRawBytes
          ? Buffer.from(record.value).toString('base64')
          : null,
      bytes: record.bytes,
      story: await this.#story(placed, event, progress),
      trace: traceId === undefined ? null : { id: traceId, url: traceUrl?.replaceAll('{traceId}', traceId) ?? null },
      neighbours: await this.#neighbours(placed, progress, session),
    }
  }

  async #story(
    placed: Placed,
    event: VeltrixEvent | undefined,
    progress: readonly SubscriptionProgress[],
  ): Promise<StoryStep[]> {
    const { attempts, letters } = this.#options
    const { topic, partition } = placed.from
    const { offset } = placed.record
    const moments = attempts.of(topic, partition, offset)
    const steps = beginning(placed, event)
    for (const each of progress) {
      const letter = `${topic}/${partition}/${offset}`
      const audit = await letters.desk.audit(each.subscription.name, { letter, limit: maxAudit })
      steps.push(...storyOf(each, { offset, event }, moments, audit))
    }
    return steps
  }

  async #neighbours(
    { from, record }: Placed,
    progress: readonly SubscriptionProgress[],
    session: Pick<Session, 'rights'>,
  ): Promise<EventView['neighbours']> {
    const { topic, partition } = from
    const isSame = ({ key }: LogRecord): boolean => sameBytes(key, record.key)
    const [before, after] = await Promise.all([
      this.#records(topic, partition, Math.max(0, record.offset - searched), record.offset),
      this.#records(topic, partition, record.offset + 1, record.offset + 1 + searched),
    ])
    const near = [
      ...before.filter(isSame).slice(-shownNeighbours),
      record,
      ...after.filter(isSame).slice(0, shownNeighbours),
    ]
    return near.map((each) => {
      const placed = { from, record: each }
      const event = decoded(placed)
      const { line } = shownOf(placed, event, this.#options.app.config, session.rights)
      const taking = progress.filter(({ subscription }) => event === undefined || subscription.events.has(event.type))
      const key = keyText(each.key)
      return { ...cutLine(line), state: worst(taking.map((one) => one.stateOf(each.offset, key))) }
    })
  }

  async #records(topic: string, partition: number, start: number, end: number): Promise<LogRecord[]> {
    const log = await this.#options.app.open()
    const found: LogRecord[] = []
    let bytes = 0
    for (let offset = start; offset < end && bytes < searchedBytes;) {
      const batch = await log
        .read({ topic, partition, offset, maxBytes: searchedBytes, maxWaitMs: 0 })
        .catch(() => undefined)
      if (batch === undefined || batch.nextOffset <= offset) break
      offset = batch.nextOffset
      for (const record of batch.records) if (record.offset >= start && record.offset < end) found.push(record)
      bytes += batch.records.reduce((sum, record) => sum + record.bytes, 0)
    }
    return found
  }
}

/** The event of a letter: its record is a copy, which stays when the original is gone. */
export function eventViewOfLetter(
  views: EventViews,
  { letter, record }: ShownLetter,
  session: Pick<Session, 'rights'>,
): Promise<EventView> {
  const { origin, stream, lane } = letter
  const { topic, partition, offset } = origin
  const original = { ...record, offset, headers: record.headers }
  return views.of({ from: { topic, partition, stream, lane }, record: original }, session)
}

function decodedOf(record: LogRecord): { event: VeltrixEvent | undefined; undecodable: string | null } {
  try {
    return { event: decodeEvent(record), undecodable: null }
  } catch (error) {
    return { event: undefined, undecodable: (error as Error).message }
  }
}

/** Of a W3C `traceparent`. */
function traceIdOf({ extensions }: VeltrixEvent): string | undefined {
  return /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(extensions['traceparent'] ?? '')?.[1]
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0
}
