/**
 * The conformance suite's stress twin: a seeded mixture of appends, repeated ids, members that come and go, fetches and
 * commits, checked against what was acknowledged.
 * @module
 */
import { describe, expect, test } from 'vitest'
import type { AppendRecord, Log } from '../../src/transport/index.ts'
import { Bench, readAll, record, seeded, text, type TransportSuite } from './harness.ts'
import { keyOf, Member } from './member.ts'

const partitions = 4
const clients = 3

/**
 * Declares one test by seed.
 * @param rounds append calls of each client
 */
export function testTransportUnderStress(suite: TransportSuite, seeds: readonly number[], rounds = 60): void {
  describe(`${suite.name} keeps the transport contract under stress`, () => {
    test.each(seeds)(`seed %i`, async (seed) => {
      const bench = new Bench(suite.features, await suite.create())
      try {
        await stress(bench, seed, rounds)
      } finally {
        await bench.close()
      }
    })
  })
}

/** What was acknowledged: value by `<partition>/<offset>`, and for each client its values by partition, in order. */
interface Oracle {
  readonly acked: Map<string, string>
  readonly order: Map<string, string[]>
  readonly delivered: Set<string>
}

async function stress(bench: Bench, seed: number, rounds: number): Promise<void> {
  const count = bench.features.multiProcess ? clients : 1
  const logs = await Promise.all(Array.from({ length: count }, () => bench.log()))
  const topic = await bench.topic(logs[0]!, { partitions })
  const group = bench.name('group')
  const oracle: Oracle = { acked: new Map(), order: new Map(), delivered: new Set() }
  const published = Promise.all(
    logs.map((log, who) => publish(bench, log, topic, who, seeded(seed * 31 + who), rounds, oracle)),
  )
  let publishing = true
  void published.finally(() => (publishing = false)).catch(() => {})
  const random = seeded(seed)
  // Members come, work a little and go, while others stay.
  const visits = logs.map(async (log) => {
    while (publishing) await visit(log, group, topic, oracle, 1 + Math.floor(random() * 20), () => publishing)
  })
  await published
  await Promise.all(visits)
  await visit(logs[0]!, group, topic, oracle, Infinity, () => oracle.delivered.size < oracle.acked.size)
  await check(logs[0]!, topic, group, oracle)
}

async function publish(
  bench: Bench,
  log: Log,
  topic: string,
  who: number,
  random: () => number,
  rounds: number,
  oracle: Oracle,
): Promise<void> {
  const dedupes = bench.features.dedupeWindowMs > 0
  const calls: Promise<void>[] = []
  for (let round = 0; round < rounds; round++) {
    const batch: AppendRecord[] = []
    for (let nth = 0, size = 1 + Math.floor(random() * 20); nth < size; nth++) {
      const partition = Math.floor(random() * partitions)
      const value = `${who}.${round}.${nth}`.padEnd(20 + Math.floor(random() ** 4 * 40_000), '-')
      const dedupe = dedupes && random() < 0.2 ? { scope: topic, id: value, digest: 1 } : undefined
      batch.push(record(topic, partition, value, { dedupe }))
      if (dedupe !== undefined && random() < 0.5) batch.push(batch.at(-1)!)
    }
    for (const { partition, value, dedupe } of batch) {
      const key = `${who}/${partition}`
      const values = oracle.order.get(key) ?? []
      oracle.order.set(key, values)
      if (dedupe === undefined || values.at(-1) !== text(value)) values.push(text(value)!)
    }
    calls.push(append(log, batch, oracle))
    if (random() < 0.3) await calls.at(-1)
  }
  await Promise.all(calls)
}

async function append(log: Log, batch: readonly AppendRecord[], oracle: Oracle): Promise<void> {
  const outcomes = await log.append(batch)
  for (const [index, outcome] of outcomes.entries()) {
    if ('error' in outcome) throw outcome.error
    const place = `${batch[index]!.partition}/${outcome.offset}`
    const value = text(batch[index]!.value)!
    const before = oracle.acked.get(place)
    if (before !== undefined && before !== value) throw new Error(`${place} was given to two records`)
    if (before !== undefined && outcome.duplicate !== true) throw new Error(`${place} was given twice`)
    oracle.acked.set(place, value)
  }
}

/** One membership: takes and commits until it has had `batches` of them or `wanted` says no, then leaves. */
async function visit(
  log: Log,
  group: string,
  topic: string,
  oracle: Oracle,
  batches: number,
  wanted: () => boolean,
): Promise<void> {
  const positions = new Map<string, number>()
  const running = new Map<string, Promise<void>>()
  const member = await Member.join(log, group, [topic], {
    onRevoked: async (_, gone) => void (await Promise.all(gone.map((place) => running.get(keyOf(place))))),
  })
  for (let had = 0; had < batches && wanted();) {
    const wants = [...member.held.values()].map(({ partition, committedOffset }) => ({
      topic,
      partition,
      offset: Math.max(positions.get(keyOf({ topic, partition })) ?? 0, committedOffset),
      maxBytes: 30_000,
    }))
    const got = await member.consumer.fetch(wants, { maxWaitMs: 5 })
    if (wants.length === 0) await log.admin.groups([group])
    for (const { partition, records, nextOffset } of got) {
      const key = keyOf({ topic, partition })
      const asked = wants.find((want) => want.partition === partition)!.offset
      if (records[0]!.offset !== asked) throw new Error(`${key} skipped from ${asked} to ${records[0]!.offset}`)
      for (const entry of records) {
        const place = `${partition}/${entry.offset}`
        const value = text(entry.value)!
        if ((oracle.acked.get(place) ?? value) !== value) throw new Error(`${place} was altered`)
        oracle.delivered.add(place)
      }
      const committed = member.commit(topic, partition, nextOffset).catch((error: { code?: string }) => {
        if (error.code !== 'VLX_FENCED') throw error
      })
      running.set(key, committed)
      await committed
      positions.set(key, nextOffset)
      had++
    }
  }
  await member.consumer.close()
  expect(member.failures).toEqual([])
}

async function check(log: Log, topic: string, group: string, oracle: Oracle): Promise<void> {
  const got = new Map<string, string>()
  const ends = new Map<number, number>()
  for (let partition = 0; partition < partitions; partition++) {
    const entries = await readAll(log, topic, partition, 0, 50_000)
    expect(entries.map((entry) => entry.offset)).toEqual(entries.map((_, index) => index))
    for (const entry of entries) got.set(`${partition}/${entry.offset}`, text(entry.value)!)
    ends.set(partition, entries.length)
    const stored = entries.map((entry) => text(entry.value)!)
    for (const [key, values] of oracle.order) {
      const [who, at] = key.split('/')
      if (Number(at) === partition) expect(stored.filter((value) => value.startsWith(`${who}.`))).toEqual(values)
    }
  }
  expect(got).toEqual(oracle.acked)
  expect(oracle.delivered.size).toBe(oracle.acked.size)
  const [description] = await log.admin.groups([group])
  for (const { partition, offset } of description!.positions) expect(offset).toBe(ends.get(partition))
}
