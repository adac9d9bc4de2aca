/**
 * What the publisher tells on its channels.
 * @module
 */
import { channelOf } from '../channels.ts'
import type { Clock } from '../clock.ts'
import type { Destination, Entry } from './entry.ts'

const acked = channelOf('veltrix:publisher:acked')
const failed = channelOf('veltrix:publisher:failed')
const batches = channelOf('veltrix:publisher:batch')

/** After an append request was answered. */
export function reportBatch(batch: readonly Entry[], startedAt: number, clock: Clock): void {
  if (!batches.hasSubscribers) return
  const bytes = batch.reduce((sum, entry) => sum + entry.bytes, 0)
  batches.publish({ events: batch.length, bytes, durationMs: clock.monotonic() - startedAt })
}

/** Those of a request whose receivers were just told that they are stored. */
export function reportAcked(batch: readonly Entry[], isAcked: (place: number) => boolean, clock: Clock): void {
  if (!acked.hasSubscribers) return
  const now = clock.monotonic()
  const sums = new Map<Destination, { events: number; bytes: number; since: number }>()
  for (const [place, entry] of batch.entries()) {
    if (!isAcked(place)) continue
    const sum = sums.get(entry.destination)
    if (!sum) sums.set(entry.destination, { events: 1, bytes: entry.bytes, since: entry.since })
    else
      [sum.events, sum.bytes, sum.since] = [sum.events + 1, sum.bytes + entry.bytes, Math.min(sum.since, entry.since)]
  }
  for (const [{ lane, stream }, { events, bytes, since }] of sums) {
    acked.publish({ lane, stream, events, bytes, durationMs: now - since })
  }
}

export function reportFailed(entry: Entry, error: Error, clock: Clock): void {
  if (!failed.hasSubscribers) return
  const { lane, stream } = entry.destination
  failed.publish({ lane, stream, events: 1, durationMs: clock.monotonic() - entry.since, error })
}
