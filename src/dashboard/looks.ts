/**
 * What the page shows, for a command line: by who may do anything, without a server.
 * @module
 */
import type { Clock } from '../clock.ts'
import type { Placed } from '../tail/index.ts'
import { LagReader } from '../telemetry/lag/index.ts'
import type { EventView, TopicsView } from './api/index.ts'
import type { DashboardApp } from './app.ts'
import { Attempts } from './events/attempts.ts'
import { decoded, shownOf } from './events/lines.ts'
import { EventViews } from './events/views.ts'
import { everything } from './http/rights.ts'
import { Letters } from './letters/letters.ts'
import { filterOf } from './tail/filter.ts'
import { Topics } from './topics/topics.ts'

type Looked = Pick<DashboardApp, 'open' | 'config'>

export interface EventPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/**
 * One event with its headers, its story as far as the log tells it, and its key's neighbours; secrets masked.
 * @throws DashboardRefused when there is no such record, and the log's errors
 */
export function lookAtEvent(app: Looked, { topic, partition, offset }: EventPlace, clock: Clock): Promise<EventView> {
  const letters = new Letters(app, clock)
  const views = new EventViews({ app, letters, attempts: new Attempts(clock), traceUrl: undefined })
  return views.at(topic, partition, offset, { rights: everything(true) })
}

/** Topics with partitions and copies, and groups with positions and members. @throws the log's errors */
export async function lookAtTopics(app: Looked, clock: Clock): Promise<TopicsView> {
  const reader = new LagReader({ log: await app.open(), config: app.config, clock })
  const { partitions } = await reader.read()
  return new Topics({ app, clock, lags: () => partitions }).view()
}

export interface PlacedFilter {
  matches(placed: Placed): boolean
  /** Why it is not asked any more. */
  readonly givenUp: string | undefined
}

/** CEL on `event`, all of `texts`; it sees what people see, secrets masked. @throws DashboardRefused when one cannot be asked */
export function placedFilter(texts: readonly string[], { config }: Pick<Looked, 'config'>, clock: Clock): PlacedFilter {
  const filter = filterOf(texts, () => clock.monotonic())
  const rights = everything(true)
  return {
    matches: (placed) => filter.matches(shownOf(placed, decoded(placed), config, rights).event),
    get givenUp() {
      return filter.givenUp
    },
  }
}
