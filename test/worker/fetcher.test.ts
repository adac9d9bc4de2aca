/**
 * Supplying partitions: one that cannot be read, and how much is held.
 * @module
 */
import { expect, test } from 'vitest'
import { VirtualClock } from '../../src/testing/clock.ts'
import { LogUnavailable, type Consumer, type FetchRequest, type LogRecord } from '../../src/transport/index.ts'
import { Demand } from '../../src/worker/demand.ts'
import { Fetcher } from '../../src/worker/fetcher.ts'
import { PartitionWork } from '../../src/worker/partition-work.ts'

function partition(number: number): PartitionWork {
  const assigned = { topic: 't', partition: number, committedOffset: 0, metadata: new Uint8Array() }
  return new PartitionWork(assigned, { stream: 's', lane: 0 }, { maxAheadRecords: 1_000, maxMetadataBytes: 4_096 })
}

test('a partition that cannot be read does not hold up those it was asked for with', async () => {
  const clock = new VirtualClock()
  const works = [partition(0), partition(1), partition(2)]
  const delivered: number[] = []
  const asked: number[][] = []
  const consumer = {
    fetch: async (wanted: readonly FetchRequest[], { signal }: { signal?: AbortSignal }) => {
      asked.push(wanted.map((want) => want.partition))
      if (wanted.some((want) => want.partition === 1)) throw new LogUnavailable('damaged')
      const fresh = wanted.filter((want) => want.offset === 0)
      if (fresh.length === 0)
        return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
      return fresh.map((want) => ({ ...want, records: [] as LogRecord[], nextOffset: 1, endOffset: 1 }))
    },
  } as unknown as Consumer
  const troubles: string[] = []
  const fetcher = new Fetcher({
    clock,
    lanes: 1,
    maxBufferedBytes: 1_000_000,
    held: { ofLane: () => works },
    consumer: () => consumer,
    paused: () => false,
    deliver: (work, batch) => {
      delivered.push(work.partition)
      work.skipTo(batch.nextOffset)
    },
    trouble: (doing) => troubles.push(doing),
  })
  fetcher.poke()
  await clock.runUntil(() => delivered.length === 2, { limitMs: 10_000 })
  expect(delivered.toSorted()).toEqual([0, 2])
  expect(asked[0]).toEqual([0, 1, 2])
  const before = troubles.length
  await clock.runUntil(() => troubles.length >= before + 3, { limitMs: 10_000 })
  // It is tried again and again, by itself and not all the time.
  expect(asked.slice(-3).every((partitions) => partitions.join() === '1')).toBe(true)
  fetcher.stop()
})

test('a partition is held in memory for a tenth of a second of work, within its limits', () => {
  const demand = new Demand()
  expect(demand.bytes(0, 100, 10_000)).toBe(100)
  demand.done(500)
  expect(demand.bytes(10, 100, 10_000)).toBe(5_000)
  demand.done(50_000)
  expect(demand.bytes(20, 100, 10_000)).toBe(10_000)
  expect(demand.bytes(10_000, 100, 10_000)).toBe(100)
})

test('where fetches are slow more is asked for, so that a backlog is not worked off at the pace of the fetches', async () => {
  const clock = new VirtualClock()
  const work = partition(0)
  const asked: number[] = []
  const fetchMs = 400
  const consumer = {
    fetch: async ([want]: readonly FetchRequest[]) => {
      asked.push(want!.maxBytes)
      await new Promise<void>((resolve) => void clock.setTimer(fetchMs, resolve))
      return [{ ...want!, records: [] as LogRecord[], nextOffset: want!.offset + 1, endOffset: 1e9 }]
    },
  } as unknown as Consumer
  const fetcher = new Fetcher({
    clock,
    lanes: 1,
    maxBufferedBytes: 1_000_000,
    held: { ofLane: () => [work] },
    consumer: () => consumer,
    paused: () => false,
    // Handlers take no time.
    deliver: ({ memory }, batch) => {
      work.skipTo(batch.nextOffset)
      memory.demand.done(asked.at(-1)!)
    },
    trouble: () => {},
  })
  fetcher.poke()
  await clock.runUntil(() => asked.length === 8, { limitMs: 60_000 })
  fetcher.stop()
  expect(asked[0]).toBe(64 * 1024)
  expect(asked.at(-1)).toBe(1_000_000)
})
