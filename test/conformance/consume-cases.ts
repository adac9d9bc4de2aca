/**
 * Obligations of `consume`: fetching, committing, membership.
 * @module
 */
import { expect } from 'vitest'
import { type Case, record, records, rejects, stored, values } from './harness.ts'
import { Member } from './member.ts'

export const consumeCases: Case[] = [
  {
    name: 'a lone member gets every partition, and fetches from where the group stands',
    async run(bench) {
      const log = await bench.log()
      const [one, two] = [await bench.topic(log, { partitions: 3 }), await bench.topic(log)]
      await stored(log, records(one, 1, ['a', 'b']))
      const member = await (await Member.join(log, bench.name('group'), [one, two])).holding(4)
      expect(
        [...member.held.values()].every((place) => place.committedOffset === 0 && place.metadata.length === 0),
      ).toBe(true)
      const [batch] = await member.fetch(one, 1)
      expect(batch).toMatchObject({ topic: one, partition: 1, nextOffset: 2, endOffset: 2 })
      expect(values([batch!])).toEqual(['a', 'b'])
    },
  },
  {
    name: 'fetch waits for records, for its time, and for its signal',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const member = await (await Member.join(log, bench.name('group'), [topic])).holding(2)
      const wanted = [0, 1].map((partition) => ({ topic, partition, offset: 0, maxBytes: 1_000 }))
      expect(await member.consumer.fetch(wanted, { maxWaitMs: 5 })).toEqual([])
      const waiting = member.consumer.fetch(wanted, { maxWaitMs: 20_000 })
      await stored(log, records(topic, 1, ['x']))
      expect(values(await waiting)).toEqual(['x'])
      const stop = new AbortController()
      const never = member.fetch(topic, 0, { signal: stop.signal })
      stop.abort(new Error('enough'))
      await expect(never).rejects.toThrow('enough')
    },
  },
  {
    name: 'fetches of disjoint partitions do not delay each other',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const member = await (await Member.join(log, bench.name('group'), [topic])).holding(2)
      const stop = new AbortController()
      let settled = false
      const idle = member.fetch(topic, 0, { signal: stop.signal }).finally(() => (settled = true))
      for (let offset = 0; offset < 20; offset++) {
        const [batch] = await Promise.all([
          member.fetch(topic, 1, { offset }),
          stored(log, records(topic, 1, [`${offset}`])),
        ])
        expect(values(batch)).toEqual([`${offset}`])
      }
      expect(settled).toBe(false)
      stop.abort(new Error('enough'))
      await expect(idle).rejects.toThrow('enough')
    },
  },
  {
    name: 'a fetch is bounded by its bytes, yet gives at least one record',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const member = await (await Member.join(log, bench.name('group'), [topic])).holding(1)
      await stored(
        log,
        Array.from({ length: 50 }, () => record(topic, 0, Buffer.alloc(10_000))),
      )
      let offset = 0
      for (let rounds = 0; offset < 50; rounds++) {
        const [batch] = await member.fetch(topic, 0, { offset, maxBytes: 35_000 })
        expect(batch!.records.length).toBeLessThanOrEqual(3)
        offset = batch!.nextOffset
      }
      const [single] = await member.fetch(topic, 0, { offset: 7, maxBytes: 1 })
      expect(single!.records.map((entry) => entry.offset)).toEqual([7])
    },
  },
  {
    name: 'a partition that is not assigned is left out of the answer',
    async run(bench) {
      const log = await bench.log()
      const [mine, other] = [await bench.topic(log), await bench.topic(log)]
      await stored(log, [record(mine, 0, 'm'), record(other, 0, 'o')])
      const member = await (await Member.join(log, bench.name('group'), [mine])).holding(1)
      const wanted = [mine, other].map((topic) => ({ topic, partition: 0, offset: 0, maxBytes: 1_000 }))
      expect(values(await member.consumer.fetch(wanted, { maxWaitMs: 10 }))).toEqual(['m'])
      expect(await member.consumer.fetch([wanted[1]!], { maxWaitMs: 10 })).toEqual([])
    },
  },
  {
    name: 'commit keeps position and metadata byte for byte for the next member',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const group = bench.name('group')
      await stored(log, records(topic, 0, ['a', 'b', 'c']))
      const first = await (await Member.join(log, group, [topic])).holding(2)
      const metadata = Uint8Array.from(
        { length: bench.features.maxCommitMetadataBytes },
        (_, index) => (index * 31) % 256,
      )
      await first.consumer.commit([
        { topic, partition: 0, offset: 2, metadata },
        { topic, partition: 1, offset: 0, metadata: Uint8Array.of(0) },
      ])
      await rejects(first.commit(topic, 0, 3, new Uint8Array(metadata.length + 1)), 'VLX_METADATA_TOO_LARGE')
      await first.consumer.close()
      const second = await (await Member.join(log, group, [topic])).holding(2)
      expect(second.position(topic, 0).committedOffset).toBe(2)
      expect(Buffer.from(second.position(topic, 0).metadata).equals(metadata)).toBe(true)
      expect([...second.position(topic, 1).metadata]).toEqual([0])
      expect(values(await second.fetch(topic, 0))).toEqual(['c'])
    },
  },
  {
    name: 'groups do not know each other, and a group may start at the end',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      await stored(log, records(topic, 0, ['old']))
      const [early, late] = [bench.name('group'), bench.name('group')]
      const one = await (await Member.join(log, early, [topic])).holding(1)
      const two = await (await Member.join(log, late, [topic], { startAt: 'latest' })).holding(1)
      await one.commit(topic, 0, 1)
      expect(two.position(topic).committedOffset).toBe(1)
      await two.consumer.close()
      await stored(log, records(topic, 0, ['new']))
      // Came while nobody was there: it belongs to the group all the same.
      const three = await (await Member.join(log, late, [topic], { startAt: 'latest' })).holding(1)
      expect(values(await three.fetch(topic))).toEqual(['new'])
    },
  },
  {
    name: 'a closed consumer has left: revoked was called, its fetch rejects, its commits are fenced',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const member = await (await Member.join(log, bench.name('group'), [topic])).holding(1)
      const blocked = rejects(member.fetch(topic), 'VLX_LOG_CLOSED')
      await Promise.all([member.consumer.close(), member.consumer.close()])
      await blocked
      expect(member.history.map(({ what }) => what)).toEqual(['assigned', 'revoked'])
      await rejects(member.commit(topic, 0, 0), 'VLX_FENCED')
    },
  },
  {
    name: 'reads many partitions together, to the end and on as records come, and starts below the earliest at the earliest',
    needs: (_, harness) => harness.follows === true,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 3 })
      await stored(log, [...records(topic, 0, ['a', 'b']), ...records(topic, 2, ['c'])])
      const reader = log.readTogether!()
      const offsets = [0, 0, 0]
      const found: string[] = []
      const readOn = async (count: number): Promise<void> => {
        while (found.length < count) {
          const wanted = offsets.map((offset, partition) => ({ topic, partition, offset, maxBytes: 1_000_000 }))
          for (const batch of await reader.fetch(wanted, { maxWaitMs: 10_000 })) {
            offsets[batch.partition] = batch.nextOffset
            found.push(...values([batch]).map((value) => `${batch.partition}${value}`))
            expect(batch.endOffset).toBeGreaterThanOrEqual(batch.nextOffset)
          }
        }
      }
      await readOn(3)
      expect(found.toSorted()).toEqual(['0a', '0b', '2c'])
      await stored(log, [...records(topic, 1, ['d']), ...records(topic, 0, ['e'])])
      await readOn(5)
      expect(found.slice(3).toSorted()).toEqual(['0e', '1d'])
      expect(offsets).toEqual([3, 1, 1])
      const nothing = offsets.map((offset, partition) => ({ topic, partition, offset, maxBytes: 1 }))
      expect(await reader.fetch(nothing, { maxWaitMs: 50 })).toEqual([])
      const aborted = new AbortController()
      const waiting = reader.fetch(nothing, { maxWaitMs: 60_000, signal: aborted.signal })
      aborted.abort(new Error('enough'))
      await expect(waiting).rejects.toThrow('enough')
      const above = reader.fetch([{ topic, partition: 0, offset: 9, maxBytes: 1 }], { maxWaitMs: 10_000 })
      await rejects(above, 'VLX_OFFSET_OUT_OF_RANGE')
      const closed = reader.fetch([{ topic, partition: 0, offset: 3, maxBytes: 1 }], { maxWaitMs: 60_000 })
      const [ended] = await Promise.allSettled([closed, log.close()])
      expect(ended).toMatchObject({ status: 'rejected', reason: { code: 'VLX_LOG_CLOSED' } })
    },
  },
  {
    name: 'tells where the first record of a moment lies, and the end where there is none',
    needs: (_, harness) => harness.follows === true,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const moment = Date.now() - 60_000
      // One after another: brokers tell the times of whole batches from those of records.
      for (const [nth, value] of ['a', 'b', 'c'].entries()) {
        await stored(log, [record(topic, 0, value, { timestamp: moment + nth * 1_000 })])
      }
      const since = async (ms: number): Promise<number[]> =>
        (await log.admin.offsetsSince!([topic], ms)).map(({ offset }) => offset)
      expect(await since(moment + 500)).toEqual([1, 0])
      expect(await since(moment + 1_000)).toEqual([1, 0])
      expect(await since(moment + 2_001)).toEqual([3, 0])
      expect(await since(-5)).toEqual([0, 0])
      await rejects(log.admin.offsetsSince!(['no-such-topic'], 0), 'VLX_TOPIC_UNKNOWN')
    },
  },
]
