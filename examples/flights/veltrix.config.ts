/**
 * Departures of US airports. Order is kept by airport; the later a flight left, the more urgent its event.
 * @module
 */
import { z } from 'zod'
import { defineVeltrix, event } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'

export const flightDeparted = z.object({
  /** Local time of the departure, as the file has it. */
  date: z.string(),
  /** Minutes; below 0 it left early. */
  delay: z.int(),
  /** Miles. */
  distance: z.int(),
  origin: z.string().length(3),
  destination: z.string().length(3),
})

/** @param directory where the log lies */
export function flightsConfig(directory: string) {
  return defineVeltrix({
    app: 'flights',
    lanes: { critical: { weight: 8 }, standard: { weight: 3 }, bulk: { weight: 1, minShare: 0.05 } },
    streams: {
      departures: { key: 'origin', partitions: 12, events: { 'flight.departed': event(flightDeparted) } },
    },
    subscriptions: {
      /** Counts by airport, and looks at the order within a lane as it is handled. */
      statistics: { events: ['flight.departed'], concurrency: 64 },
      /** Writes one timeline per airport over all lanes: puts the lanes together again by the sequence number. */
      timeline: { events: ['flight.departed'], concurrency: 64 },
    },
    transport: embedded({ directory }),
  })
}

/** Half an hour late is urgent, on time is not. */
export function laneOf(delayMinutes: number): 'critical' | 'standard' | 'bulk' {
  if (delayMinutes >= 30) return 'critical'
  return delayMinutes >= 10 ? 'standard' : 'bulk'
}
