/**
 * Obligations of `append` and `read`.
 * @module
 */
import { expect } from 'vitest'
import { type Case, readAll, record, records, rejects, stored, text } from './harness.ts'

const numbers = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

export const appendCases: Case[] = [
  {
    name: 'gives consecutive offsets and the records back byte for byte',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const full = record(topic, 0, all, {
        key: Buffer.from('key'),
        timestamp: 1_234_567_890_123,
        headers: [
          ['ce_id', 'ä→🎈'],
          ['raw', Buffer.from(all)],
          ['ce_id', 'second'],
        ],
      })
      expect(await stored(log, [full, record(topic, 0, 'b')])).toEqual([0, 1])
      expect(await stored(log, [record(topic, 0, 'c')])).toEqual([2])
      const [first] = await readAll(log, topic)
      expect(Buffer.from(first!.value!).equals(all)).toBe(true)
      expect(text(first!.key)).toBe('key')
      expect(first!.timestamp).toBe(1_234_567_890_123)
      expect([...first!.headers].map(([name, value]) => [name, Buffer.from(value).toString('hex')])).toEqual([
        ['ce_id', Buffer.from('ä→🎈').toString('hex')],
        ['raw', Buffer.from(all).toString('hex')],
        ['ce_id', Buffer.from('second').toString('hex')],
      ])
      expect(first!.headers.text('ce_id')).toBe('second')
      expect(Buffer.from(first!.headers.get('raw')!).equals(all)).toBe(true)
      expect(first!.headers.get('missing')).toBeUndefined()
    },
  },
  {
    name: 'keeps the order of one client by partition, also of calls that were not awaited',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log, { partitions: 3 })
      const calls = Array.from({ length: 60 }, (_, call) =>
        log.append(
          numbers(5, `${call}.`).flatMap((value) => [0, 1, 2].map((partition) => record(topic, partition, value))),
        ),
      )
      await Promise.all(calls)
      for (const partition of [0, 1, 2]) {
        const got = (await readAll(log, topic, partition)).map((entry) => text(entry.value))
        expect(got).toEqual(Array.from({ length: 60 }, (_, call) => numbers(5, `${call}.`)).flat())
      }
    },
  },
  {
    name: 'keeps the order of each client when several append to one partition at once',
    needs: (features) => features.multiProcess,
    async run(bench) {
      const logs = await Promise.all([bench.log(), bench.log(), bench.log()])
      const topic = await bench.topic(logs[0]!)
      const offsets = await Promise.all(
        logs.map(async (log, who) =>
          (await Promise.all(numbers(40).map((value) => stored(log, records(topic, 0, [`${who}:${value}`]))))).flat(),
        ),
      )
      expect([...offsets.flat()].sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, index) => index))
      const got = (await readAll(logs[0]!, topic)).map((entry) => text(entry.value)!)
      for (const who of [0, 1, 2]) {
        expect(got.filter((value) => value.startsWith(`${who}:`))).toEqual(numbers(40, `${who}:`))
        for (const [index, offset] of offsets[who]!.entries()) expect(got[offset]).toBe(`${who}:${index}`)
      }
    },
  },
  {
    name: 'gives every record its own outcome: an unknown topic or partition does not harm the others',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const outcomes = await log.append([
        record(topic, 0, 'a'),
        record('no-such-topic', 0, 'b'),
        record(topic, 7, 'c'),
        record(topic, 0, 'd'),
      ])
      expect(outcomes[0]).toEqual({ offset: 0 })
      expect(outcomes[1]).toMatchObject({ error: { code: 'VLX_TOPIC_UNKNOWN', topic: 'no-such-topic' } })
      expect(outcomes[2]).toMatchObject({ error: { code: 'VLX_TOPIC_UNKNOWN' } })
      expect(outcomes[3]).toEqual({ offset: 1 })
      expect(await log.append([])).toEqual([])
    },
  },
  {
    name: 'stores hostile records as they are: null and empty, NUL, lone surrogates, odd header bytes, thousands of headers',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const many = Array.from({ length: 2_000 }, (_, index) => [`h${index}`, `v${index}`] as const)
      await stored(log, [
        record(topic, 0, null),
        record(topic, 0, '', { key: new Uint8Array() }),
        record(topic, 0, '\0', {
          key: Buffer.from('\0\0'),
          headers: [
            ['a\0b', '\0'],
            ['__proto__', 'p'],
            ['', ''],
          ],
        }),
        record(topic, 0, 'x', {
          headers: [
            ['h', '\ud800'],
            ['bytes', Uint8Array.of(0, 255, 254, 128, 10, 13)],
          ],
        }),
        record(topic, 0, 'y', { headers: many, key: Buffer.alloc(1 << 20, 7) }),
        record(topic, 0, 'z', { timestamp: 0, headers: [['n'.repeat(3_000), 'v'.repeat(70_000)]] }),
      ])
      const got = await readAll(log, topic)
      expect(got.map((entry) => text(entry.value))).toEqual([null, '', '\0', 'x', 'y', 'z'])
      expect(got.map((entry) => entry.key?.length ?? null)).toEqual([null, 0, 2, null, 1 << 20, null])
      expect(got[2]!.headers.text('a\0b')).toBe('\0')
      expect(got[2]!.headers.text('__proto__')).toBe('p')
      expect(got[2]!.headers.text('')).toBe('')
      expect(got[3]!.headers.text('h')).toBe('\ufffd')
      expect([...got[3]!.headers.get('bytes')!]).toEqual([0, 255, 254, 128, 10, 13])
      expect([...got[4]!.headers]).toHaveLength(2_000)
      expect(got[4]!.headers.text('h1999')).toBe('v1999')
      expect(got[5]!.headers.text('n'.repeat(3_000))).toHaveLength(70_000)
      expect(got[5]!.timestamp).toBe(0)
    },
  },
  {
    name: 'carries a payload of 10 MB and refuses one above the limit, alone',
    needs: (features) => features.maxRecordBytes >= 10_000_000,
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const large = Buffer.alloc(10_000_000)
      for (let at = 0; at < large.length; at += 97) large[at] = at % 251
      const tooLarge = new Uint8Array(bench.features.maxRecordBytes + 1)
      const outcomes = await log.append([
        record(topic, 0, 'a'),
        record(topic, 0, tooLarge),
        record(topic, 0, Buffer.from(large)),
      ])
      expect(outcomes[1]).toMatchObject({
        error: { code: 'VLX_RECORD_TOO_LARGE', limitBytes: bench.features.maxRecordBytes },
      })
      expect(outcomes[2]).toEqual({ offset: 1 })
      const got = await readAll(log, topic, 0, 0, 1_000)
      expect(got).toHaveLength(2)
      expect(Buffer.from(got[1]!.value!).equals(large)).toBe(true)
    },
  },
  {
    name: 'gives everything back in order through small reads, whatever the sizes',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const sizes = Array.from({ length: 400 }, (_, index) => (index * index * 37) % 9_000)
      await stored(
        log,
        sizes.map((size, index) => record(topic, 0, Buffer.alloc(size, index % 256))),
      )
      for (const maxBytes of [1, 5_000, 100_000]) {
        const got = await readAll(log, topic, 0, 0, maxBytes)
        expect(got.map((entry) => entry.offset)).toEqual(sizes.map((_, index) => index))
        expect(got.map((entry) => entry.value!.length)).toEqual(sizes)
        expect(got.every((entry, index) => entry.value!.every((byte) => byte === index % 256))).toBe(true)
      }
      const middle = await readAll(log, topic, 0, 123, 3_000)
      expect(middle[0]!.offset).toBe(123)
      expect(middle).toHaveLength(277)
    },
  },
  {
    name: 'reads at the end: empty at once, above the end an error, unknown topics an error',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      await stored(log, records(topic, 0, ['a', 'b']))
      const at = (offset: number, partition = 0) =>
        log.read({ topic, partition, offset, maxBytes: 1_000, maxWaitMs: 0 })
      expect(await at(2)).toMatchObject({ topic, partition: 0, records: [], nextOffset: 2, endOffset: 2 })
      await rejects(at(3), 'VLX_OFFSET_OUT_OF_RANGE')
      await rejects(at(-1), 'VLX_OFFSET_OUT_OF_RANGE')
      await rejects(at(0, 9), 'VLX_TOPIC_UNKNOWN')
      await rejects(
        log.read({ topic: 'none', partition: 0, offset: 0, maxBytes: 1, maxWaitMs: 0 }),
        'VLX_TOPIC_UNKNOWN',
      )
    },
  },
  {
    name: 'a read at the end waits for the next record, and for its signal',
    async run(bench) {
      const log = await bench.log()
      const topic = await bench.topic(log)
      const next = log.read({ topic, partition: 0, offset: 0, maxBytes: 1_000, maxWaitMs: 20_000 })
      await stored(log, [record(topic, 0, 'late')])
      expect(text((await next).records[0]!.value)).toBe('late')
      const stop = new AbortController()
      const never = log.read({
        topic,
        partition: 0,
        offset: 1,
        maxBytes: 1_000,
        maxWaitMs: 20_000,
        signal: stop.signal,
      })
      stop.abort(new Error('enough'))
      await expect(never).rejects.toThrow('enough')
    },
  },
]
