/**
 * Obligations of `admin`, deduplication, retention, closing and restarting.
 * @module
 */
import { expect } from 'vitest'
import { type Case, readAll, record, records, rejects, stored, text } from './harness.ts'
import { Member } from './member.ts'

const spec = { retentionMs: Infinity, retentionBytes: Infinity }
const once = (id: string, digest = 1, scope = 's') => ({ dedupe: { scope, id, digest } })

export const adminCases: Case[] = [
  {
    name: 'makes topics once, updates their retention, and refuses another number of partitions whole',
    needs: (features) => features.administrable,
    async run(bench) {
      const log = await bench.log()
      const name = bench.name('topic')
      await log.admin.createTopics([{ name, partitions: 2, ...spec }])
      await log.admin.createTopics([{ name, partitions: 2, retentionMs: 5_000, retentionBytes: 6_000 }])
      const other = bench.name('topic')
      const wrong = log.admin.createTopics([
        { name: other, partitions: 1, ...spec },
        { name, partitions: 3, ...spec },
      ])
      await expect(wrong).rejects.toMatchObject({ code: 'VLX_TOPIC_MISMATCH', topic: name, existing: 2, wanted: 3 })
      const topics = await log.admin.topics()
      expect(topics.find((topic) => topic.name === name)).toEqual({
        name,
        partitions: 2,
        retentionMs: 5_000,
        retentionBytes: 6_000,
      })
      expect(topics.some((topic) => topic.name === other)).toBe(false)
    },
  },
  {
    name: 'a deleted topic is gone with its positions; a new one of its name starts fresh',
    needs: (features) => features.administrable,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const group = bench.name('group')
      await stored(log, records(topic, 0, ['a', 'b']))
      const member = await (await Member.join(log, group, [topic])).holding(1)
      await member.commit(topic, 0, 2)
      await readAll(log, topic)
      await log.admin.deleteTopic(topic)
      await member.holding(0)
      await rejects(log.admin.offsets([topic]), 'VLX_TOPIC_UNKNOWN')
      await rejects(log.admin.deleteTopic(topic), 'VLX_TOPIC_UNKNOWN')
      await rejects(log.read({ topic, partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 0 }), 'VLX_TOPIC_UNKNOWN')
      await bench.topic(log, { name: topic })
      await member.holding(1)
      expect(member.position(topic).committedOffset).toBe(0)
      await stored(log, records(topic, 0, ['new']))
      expect((await member.fetch(topic))[0]!.records.map((entry) => text(entry.value))).toEqual(['new'])
    },
  },
  {
    name: 'tells offsets, groups, members and positions',
    async run(bench) {
      const log = await bench.log('shown@here:1')
      const topic = await bench.topic(log, { partitions: 2 })
      const group = bench.name('group')
      await stored(log, records(topic, 1, ['a', 'b']))
      expect(await log.admin.offsets([topic])).toEqual([
        { topic, partition: 0, earliest: 0, end: 0 },
        { topic, partition: 1, earliest: 0, end: 2 },
      ])
      const member = await (await Member.join(log, group, [topic])).holding(2)
      await member.commit(topic, 1, 1, Buffer.from('m'))
      const [description] = await log.admin.groups([group])
      expect(description).toMatchObject({
        group,
        members: [{ clientId: 'shown@here:1' }],
        positions: [{ topic, partition: 1, offset: 1 }],
      })
      expect(description!.members[0]!.partitions).toHaveLength(2)
      expect((await log.admin.groups()).map((each) => each.group)).toContain(group)
      expect(await log.admin.groups(['no-such-group'])).toEqual([])
    },
  },
  {
    name: 'stores a repeated id once: later, in the same call, at the same time, and from another client',
    needs: (features) => features.dedupeWindowMs > 0,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 2 })
      const long = 'x'.repeat(5_000)
      expect(
        await log.append([
          record(topic, 0, 'a', once('1')),
          record(topic, 0, 'plain'),
          record(topic, 0, 'a', once('1')),
        ]),
      ).toEqual([{ offset: 0 }, { offset: 1 }, { offset: 0, duplicate: true }])
      // Another scope is another id; so is a scope and id that read the same when joined.
      expect(
        await stored(log, [
          record(topic, 0, 'b', once('1', 1, 't')),
          record(topic, 0, 'c', once('x', 1, 's1')),
          record(topic, 0, 'd', once('1x', 1, 's')),
        ]),
      ).toEqual([2, 3, 4])
      expect(
        await stored(log, [record(topic, 0, 'e', once(`${long}1`)), record(topic, 0, 'f', once(`${long}2`))]),
      ).toEqual([5, 6])
      const elsewhere = await log.append([record(topic, 1, 'a', once('1'))])
      expect(elsewhere).toEqual([{ offset: 0, duplicate: true, first: { topic, partition: 0 } }])
      const both = await Promise.all(Array.from({ length: 10 }, () => log.append([record(topic, 0, 'g', once('2'))])))
      expect(both.flat().filter((outcome) => !('duplicate' in outcome))).toHaveLength(1)
      expect(new Set(both.flat().map((outcome) => 'offset' in outcome && outcome.offset))).toEqual(new Set([7]))
      if (bench.features.multiProcess) {
        const other = await bench.log()
        expect(await other.append([record(topic, 0, 'a', once('1'))])).toEqual([{ offset: 0, duplicate: true }])
      }
      expect(await readAll(log, topic)).toHaveLength(8)
    },
  },
  {
    name: 'refuses an id that comes again with other content, alone',
    needs: (features) => features.dedupeWindowMs > 0,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const outcomes = await log.append([
        record(topic, 0, 'a', once('1', 10)),
        record(topic, 0, 'b', once('1', 11)),
        record(topic, 0, 'c', once('2')),
      ])
      expect(outcomes[1]).toMatchObject({ error: { code: 'VLX_ID_CONFLICT', id: '1', offset: 0, retryable: false } })
      expect(outcomes[2]).toEqual({ offset: 1 })
    },
  },
  {
    name: 'removes by age and by size, oldest first; reading and fetching below the earliest start there',
    needs: (_, harness) => harness.retain !== undefined,
    async run(bench) {
      const log = await bench.log()
      const sized = await bench.topic(log, { retentionBytes: 50_000 })
      const aged = await bench.topic(log, { retentionMs: 60_000 })
      const kept = await bench.topic(log)
      for (let round = 0; round < 20; round++) {
        await stored(
          log,
          [sized, aged, kept].map((topic) => record(topic, 0, Buffer.alloc(10_000))),
        )
      }
      await bench.harness.retain!(log, Date.now())
      const [now] = await log.admin.offsets([sized])
      expect(now!.end).toBe(20)
      expect(now!.earliest).toBeGreaterThanOrEqual(15)
      expect(now!.earliest).toBeLessThan(17)
      expect((await log.admin.offsets([aged]))[0]).toMatchObject({ earliest: 0, end: 20 })
      const member = await (await Member.join(log, bench.name('group'), [sized])).holding(1)
      const [batch] = await member.fetch(sized, 0, { offset: 0 })
      expect(batch!.records[0]!.offset).toBe(now!.earliest)
      await bench.harness.retain!(log, Date.now() + 61_000)
      expect((await log.admin.offsets([aged, kept])).map(({ earliest }) => earliest)).toEqual([20, 0])
      const empty = await log.read({ topic: aged, partition: 0, offset: 3, maxBytes: 1_000, maxWaitMs: 0 })
      expect(empty).toMatchObject({ records: [], nextOffset: 20, endOffset: 20 })
      expect(await stored(log, [record(aged, 0, 'next')])).toEqual([20])
      expect(await readAll(log, aged)).toHaveLength(1)
    },
  },
  {
    name: 'close ends blocked calls, is idempotent, and nothing works afterwards',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const member = await (await Member.join(log, bench.name('group'), [topic])).holding(1)
      const blocked = [
        rejects(member.fetch(topic), 'VLX_LOG_CLOSED'),
        rejects(log.read({ topic, partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 20_000 }), 'VLX_LOG_CLOSED'),
      ]
      await Promise.all([log.close(), log.close()])
      await Promise.all(blocked)
      await rejects(log.append([record(topic, 0, 'x')]), 'VLX_LOG_CLOSED')
      await rejects(log.read({ topic, partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 0 }), 'VLX_LOG_CLOSED')
      await rejects(log.admin.topics(), 'VLX_LOG_CLOSED')
      await rejects(
        log.consume({
          group: 'g',
          topics: [topic],
          listener: { assigned() {}, revoked: async () => {}, lost() {}, failed() {} },
        }),
        'VLX_LOG_CLOSED',
      )
      await rejects(member.commit(topic, 0, 0), 'VLX_LOG_CLOSED')
      await log.close()
    },
  },
  {
    name: 'records, positions and ids survive a crash',
    needs: (features, harness) => features.replay && harness.crash !== undefined,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const group = bench.name('group')
      await stored(log, records(topic, 0, ['a', 'b', 'c']))
      const member = await (await Member.join(log, group, [topic])).holding(1)
      await member.commit(topic, 0, 2, Buffer.from('kept'))
      const id = bench.features.dedupeWindowMs > 0 ? once('1') : {}
      expect(await stored(log, [record(topic, 0, 'd', id)])).toEqual([3])
      await bench.harness.crash!()
      const again = await bench.log()
      expect((await readAll(again, topic)).map((entry) => text(entry.value))).toEqual(['a', 'b', 'c', 'd'])
      if (bench.features.dedupeWindowMs > 0)
        expect(await again.append([record(topic, 0, 'd', id)])).toEqual([{ offset: 3, duplicate: true }])
      const next = await (await Member.join(again, group, [topic])).holding(1)
      expect(next.position(topic)).toMatchObject({ committedOffset: 2 })
      expect(text(next.position(topic).metadata)).toBe('kept')
      expect(await stored(again, [record(topic, 0, 'e')])).toEqual([4])
    },
  },
]
