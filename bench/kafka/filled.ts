/**
 * A topic that is filled once, for all sides and rounds to read.
 * @module
 */
import { allStored } from '../finish.ts'
import { kafkaApp, topicOf } from './app.ts'
import { checkContents } from './contents.ts'
import { eventOf } from './event.ts'

const piece = 20_000

export async function fill(brokers: readonly string[], app: string, events: number): Promise<void> {
  const filler = kafkaApp(brokers, app)
  for (let from = 0; from < events; from += piece) {
    const count = Math.min(piece, events - from)
    const items = Array.from({ length: count }, (_, nth) => ({
      type: 'thing.done' as const,
      data: eventOf(from + nth),
    }))
    allStored(await filler.publishMany(items))
  }
  await filler.stop()
  await checkContents(brokers, topicOf(app), events)
}
