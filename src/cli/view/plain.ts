/**
 * The live view without a terminal: one line per interval, and one per note.
 * @module
 */
import { compact, moment, span } from '../format.ts'
import type { Note, Snapshot } from './snapshot.ts'

/** `up 3.0s | critical pub 120/s done 240/s p50 1.2ms p99 3.4ms lag 0 wait 0 dead 0 | …` */
export function plainLine(snapshot: Snapshot): string {
  const lanes = Object.entries(snapshot.lanes).map(([name, lane]) =>
    [
      name,
      `pub ${compact(lane.publishedPerSecond)}/s`,
      `done ${compact(lane.handledPerSecond)}/s`,
      `p50 ${latency(lane.p50Ms)}`,
      `p99 ${latency(lane.p99Ms)}`,
      `lag ${lane.lag === null ? '-' : compact(lane.lag)}`,
      `wait ${compact(lane.waitingKeys)}`,
      `dead ${compact(lane.deadLetters)}`,
    ].join(' '),
  )
  const open = Object.entries(snapshot.subscriptions)
    .filter(([, subscription]) => subscription.breaker !== 'closed')
    .map(([name, subscription]) => `${name} breaker ${subscription.breaker}`)
  return [`up ${span(snapshot.upMs)}`, ...lanes, ...open].join(' | ')
}

export function plainNote(note: Note): string {
  return `${moment(note.at).slice(11)} ${note.kind}: ${note.text}`
}

function latency(ms: number | null): string {
  return ms === null ? '-' : span(ms)
}
