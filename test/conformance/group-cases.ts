/**
 * Obligations of group membership when members come and go.
 * @module
 */
import { expect } from 'vitest'
import type { Log } from '../../src/transport/index.ts'
import { type Case, record, records, rejects, stored, text } from './harness.ts'
import { keyOf, Member } from './member.ts'

export const groupCases: Case[] = [
  {
    name: 'shares partitions out evenly, moving only what must move',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 6 })
      const group = bench.name('group')
      const one = await (await Member.join(log, group, [topic])).holding(6)
      const two = await Member.join(log, group, [topic])
      await Promise.all([one.holding(3), two.holding(3)])
      const before = new Set([...one.held.keys(), ...two.held.keys()])
      expect(before.size).toBe(6)
      const three = await Member.join(log, group, [topic])
      await Promise.all([one.holding(2), two.holding(2), three.holding(2)])
      expect(one.history.filter(({ what }) => what === 'revoked')).toHaveLength(4)
      expect(two.history.filter(({ what }) => what === 'revoked')).toHaveLength(1)
      await three.consumer.close()
      await Promise.all([one.holding(3), two.holding(3)])
    },
  },
  {
    name: 'waits for `revoked` before anybody else gets the partition, and takes commits until then',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const group = bench.name('group')
      await stored(log, records(topic, 0, ['a', 'b']).concat(records(topic, 1, ['a', 'b'])))
      const finished = Promise.withResolvers<void>()
      const order: string[] = []
      const one = await Member.join(log, group, [topic], {
        onRevoked: async (member, partitions) => {
          await finished.promise
          for (const { partition } of partitions) await member.commit(topic, partition, 2, Buffer.from('done'))
          order.push('revoked')
        },
      })
      await one.holding(2)
      const two = await Member.join(log, group, [topic])
      await one.until(({ history }) => history.some(({ what }) => what === 'revoked'))
      // A round trip to whoever decides: had it given the partition away already, that would be known by now.
      await log.admin.groups([group])
      expect(two.held.size).toBe(0)
      const assigned = two.holding(1).then(() => order.push('assigned'))
      finished.resolve()
      await assigned
      expect(order).toEqual(['revoked', 'assigned'])
      const [place] = [...two.held.values()]
      expect(place).toMatchObject({ topic, committedOffset: 2 })
      expect(text(place!.metadata)).toBe('done')
    },
  },
  {
    name: 'fences a commit for a partition that went to another, and stores nothing of that call',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const group = bench.name('group')
      const one = await (await Member.join(log, group, [topic])).holding(2)
      await one.commit(topic, 0, 0, Buffer.from('before'))
      const two = await Member.join(log, group, [topic])
      await Promise.all([one.holding(1), two.holding(1)])
      const metadata = Buffer.from('stale')
      const both = [0, 1].map((partition) => ({ topic, partition, offset: 0, metadata }))
      await rejects(one.consumer.commit(both), 'VLX_FENCED')
      await rejects(two.consumer.commit(both), 'VLX_FENCED')
      const [description] = await log.admin.groups([group])
      expect(description!.positions.map((position) => text(position.metadata))).toEqual(['before'])
    },
  },
  {
    name: 'scales from one member to three and back with nothing skipped and nothing held twice',
    async run(bench) {
      const logs = bench.features.multiProcess
        ? await Promise.all([bench.log(), bench.log(), bench.log()])
        : [await bench.log()]
      const topic = await bench.topic(logs[0]!, { partitions: 6 })
      const total = 600
      const all = Promise.withResolvers<void>()
      const ledger: Ledger = {
        topic,
        group: bench.name('group'),
        seen: new Set(),
        held: new Set(),
        mistakes: [],
        progress: () => ledger.seen.size === total && all.resolve(),
      }
      const publish = async (): Promise<void> => {
        for (let sent = 0; sent < total; sent += 30) {
          await stored(
            logs[0]!,
            Array.from({ length: 30 }, (_, nth) => record(topic, nth % 6, `${sent + nth}`)),
          )
        }
      }
      const publishing = publish()
      const one = await (await startWorker(logs[0]!, ledger)).holding(6)
      const [two, three] = await Promise.all([1, 2].map((who) => startWorker(logs[who % logs.length]!, ledger)))
      await Promise.all([one, two!, three!].map((member) => member.holding(2)))
      await publishing
      await Promise.all([two!.consumer.close(), three!.consumer.close()])
      await one.holding(6)
      await all.promise
      await one.consumer.close()
      expect(ledger.mistakes).toEqual([])
      expect(ledger.held.size).toBe(0)
    },
  },
]

/** What the workers of one group have done together. */
interface Ledger {
  readonly topic: string
  readonly group: string
  readonly seen: Set<string>
  readonly held: Set<string>
  readonly mistakes: string[]
  /** Called after every batch. */
  progress: () => void
}

/** Fetches each held partition in its own loop, commits every batch, and gives back cleanly. */
function startWorker(log: Log, ledger: Ledger): Promise<Member> {
  const loops = new Map<string, { stop: AbortController; done: Promise<void> }>()
  return Member.join(log, ledger.group, [ledger.topic], {
    onAssigned: (member, partitions) => {
      for (const { partition } of partitions) {
        const stop = new AbortController()
        loops.set(keyOf({ topic: ledger.topic, partition }), {
          stop,
          done: takeAll(member, partition, stop.signal, ledger),
        })
      }
    },
    onRevoked: async (_, partitions) => {
      const ending = partitions.map((partition) => loops.get(keyOf(partition))!)
      for (const loop of ending) loop.stop.abort()
      await Promise.all(ending.map((loop) => loop.done))
    },
  })
}

async function takeAll(member: Member, partition: number, stop: AbortSignal, ledger: Ledger): Promise<void> {
  // `assigned` comes synchronously: the other members' loops end before they give back.
  const { topic, held, seen, mistakes } = ledger
  const key = keyOf({ topic, partition })
  if (held.has(key)) mistakes.push(`${key} is held twice`)
  held.add(key)
  let offset = member.position(topic, partition).committedOffset
  while (!stop.aborted) {
    const [batch] = await member.fetch(topic, partition, { offset, maxBytes: 1 << 16, signal: stop }).catch(() => [])
    if (batch === undefined) continue
    if (batch.records[0]!.offset !== offset) mistakes.push(`${key} skipped from offset ${offset}`)
    for (const entry of batch.records) seen.add(text(entry.value)!)
    offset = batch.nextOffset
    await member.commit(topic, partition, offset)
    ledger.progress()
  }
  held.delete(key)
}
