/**
 * Obligations of a commit that stores records with its positions.
 * @module
 */
import { expect } from 'vitest'
import type { AppendRecord, Log } from '../../src/transport/index.ts'
import { readAll, record, records, rejects, stored, text, values, type Bench, type Case } from './harness.ts'
import { Member } from './member.ts'

const needs: Case['needs'] = ({ transactions }) => transactions

/** An input of two partitions with a member that holds them, and an output. */
async function pipe(bench: Bench): Promise<{ log: Log; input: string; output: string; group: string; one: Member }> {
  const log = await bench.log()
  const [input, output] = [await bench.topic(log, { partitions: 2 }), await bench.topic(log, { partitions: 2 })]
  const group = bench.name('group')
  await stored(log, [...records(input, 0, ['a', 'b', 'c']), ...records(input, 1, ['d'])])
  const one = await (await Member.join(log, group, [input])).holding(2)
  return { log, input, output, group, one }
}

async function textsOf(log: Log, topic: string, partition = 0): Promise<(string | null)[]> {
  return (await readAll(log, topic, partition)).map((entry) => text(entry.value))
}

async function offsetsOf(log: Log, group: string): Promise<number[]> {
  const [description] = await log.admin.groups([group])
  return description!.positions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset)
}

export const transactionCases: Case[] = [
  {
    name: 'a commit with records stores both, byte for byte and in order',
    needs,
    async run(bench) {
      const { log, input, output, group, one } = await pipe(bench)
      const key = Buffer.from('key')
      const headers = [['h', 'text ä'], ['h', Uint8Array.of(0, 255)], ['', '']] as const // prettier-ignore
      const metadata = Buffer.from('state')
      await one.consumer.commit(
        [
          { topic: input, partition: 0, offset: 2, metadata },
          { topic: input, partition: 1, offset: 1, metadata },
        ],
        [
          record(output, 0, 'first', { key, headers, timestamp: 1_700_000_000_123 }),
          record(output, 1, 'other'),
          record(output, 0, null),
          record(output, 0, ''),
        ],
      )
      const got = await readAll(log, output)
      expect(got.map((entry) => text(entry.value))).toEqual(['first', null, ''])
      expect(text(got[0]!.key)).toBe('key')
      expect(got[1]!.key).toBe(null)
      expect(got[0]!.timestamp).toBe(1_700_000_000_123)
      expect([...got[0]!.headers].map(([name, value]) => [name, [...value]])).toEqual([
        ['h', [...Buffer.from('text ä')]],
        ['h', [0, 255]],
        ['', []],
      ])
      expect(await textsOf(log, output, 1)).toEqual(['other'])
      await one.consumer.close()
      const two = await (await Member.join(log, group, [input])).holding(2)
      expect([0, 1].map((partition) => two.position(input, partition).committedOffset)).toEqual([2, 1])
      expect(text(two.position(input, 0).metadata)).toBe('state')
    },
  },
  {
    name: 'commits with and without records take turns, and appends go on beside them',
    needs,
    async run(bench) {
      const { log, input, output, group, one } = await pipe(bench)
      const wanted: string[] = []
      for (let nth = 0; nth < 12; nth++) {
        const commit = [{ topic: input, partition: 0, offset: nth % 4, metadata: Buffer.from(`${nth}`) }]
        const texts = nth % 3 === 2 ? [] : [`${nth} a`, `${nth} b`]
        wanted.push(...texts)
        await Promise.all([
          one.consumer.commit(commit, records(output, 0, texts)),
          stored(log, records(output, 1, [`beside ${nth}`])),
        ])
      }
      expect(await textsOf(log, output)).toEqual(wanted)
      expect(await textsOf(log, output, 1)).toHaveLength(12)
      expect(await offsetsOf(log, group)).toEqual([3])
    },
  },
  {
    name: 'a fenced commit stores neither its records nor its positions',
    needs,
    async run(bench) {
      const { log, input, output, group, one } = await pipe(bench)
      const two = await Member.join(log, group, [input])
      await Promise.all([one.holding(1), two.holding(1)])
      const both = [0, 1].map((partition) => ({ topic: input, partition, offset: 1, metadata: new Uint8Array() }))
      await rejects(one.consumer.commit(both, records(output, 0, ['of the first'])), 'VLX_FENCED')
      await rejects(two.consumer.commit(both, records(output, 0, ['of the second'])), 'VLX_FENCED')
      const [held] = [...two.held.values()]
      await two.consumer.commit([{ ...both[held!.partition]! }], records(output, 0, ['of the holder']))
      expect(await textsOf(log, output)).toEqual(['of the holder'])
      expect(await offsetsOf(log, group)).toEqual([1])
    },
  },
  {
    name: 'a commit with a record that cannot be stored stores nothing, and the next one works',
    needs,
    async run(bench) {
      const { log, input, output, group, one } = await pipe(bench)
      const at = (offset: number) => [{ topic: input, partition: 0, offset, metadata: new Uint8Array() }]
      const good = record(output, 0, 'good')
      const cases: [AppendRecord, string][] = [
        [record(bench.name('nowhere'), 0, 'x'), 'VLX_TOPIC_UNKNOWN'],
        [record(output, 7, 'x'), 'VLX_TOPIC_UNKNOWN'],
        [record(output, 0, new Uint8Array(bench.features.maxRecordBytes + 1)), 'VLX_RECORD_TOO_LARGE'],
      ]
      for (const [bad, code] of cases) await rejects(one.consumer.commit(at(1), [good, bad]), code)
      expect(await textsOf(log, output)).toEqual([])
      expect(await offsetsOf(log, group)).toEqual([])
      await one.consumer.commit(at(2), [good])
      expect(await textsOf(log, output)).toEqual(['good'])
      expect(await offsetsOf(log, group)).toEqual([2])
    },
  },
  {
    name: 'fetches and reads go on past the marks of transactions to the very end',
    needs,
    async run(bench) {
      const { log, input, output, one } = await pipe(bench)
      const reader = await (await Member.join(log, bench.name('group'), [output])).holding(2)
      const at = [{ topic: input, partition: 0, offset: 1, metadata: new Uint8Array() }]
      await one.consumer.commit(at, records(output, 0, ['x']))
      const seen: (string | null)[] = []
      for (let offset = 0, end = Infinity; offset < end;) {
        const [batch] = await reader.fetch(output, 0, { offset })
        if (batch === undefined) continue
        seen.push(...values([batch]))
        offset = batch.nextOffset
        end = batch.endOffset
      }
      expect(seen).toEqual(['x'])
      const { end } = (await log.admin.offsets([output]))[0]!
      for (let offset = 0; offset < end;) {
        const batch = await log.read({ topic: output, partition: 0, offset, maxBytes: 1_000, maxWaitMs: 0 })
        expect(batch.nextOffset).toBeGreaterThan(offset)
        offset = batch.nextOffset
      }
    },
  },
  {
    name: 'what was committed with records is all there after a crash',
    needs: (features, harness) => features.transactions && features.replay && harness.crash !== undefined,
    async run(bench) {
      const { input, output, group, one } = await pipe(bench)
      for (let offset = 1; offset <= 3; offset++) {
        const at = [{ topic: input, partition: 0, offset, metadata: Buffer.from(`${offset}`) }]
        await one.consumer.commit(at, records(output, 0, [`${offset}`]))
      }
      await bench.harness.crash!()
      const log = await bench.log()
      expect(await textsOf(log, output)).toEqual(['1', '2', '3'])
      expect(await offsetsOf(log, group)).toEqual([3])
    },
  },
  {
    name: 'a pipe copies every record once while members come and go',
    needs,
    async run(bench) {
      const log = await bench.log()
      const [input, output] = [await bench.topic(log, { partitions: 4 }), await bench.topic(log)]
      const group = bench.name('group')
      const total = 80
      const names = Array.from({ length: total }, (_, nth) => `${nth}`)
      await stored(log, names.map((name, nth) => record(input, nth % 4, name))) // prettier-ignore
      const one = await (await startPipe(log, group, input, output)).holding(4)
      const two = await startPipe(bench.features.multiProcess ? await bench.log() : log, group, input, output)
      await Promise.all([one.holding(2), two.holding(2)])
      await two.consumer.close()
      await one.holding(4)
      const copies = async (): Promise<(string | null)[]> => textsOf(log, output)
      await expect.poll(async () => (await copies()).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(total)
      await one.consumer.close()
      const all = await copies()
      expect(all.toSorted((a, b) => Number(a) - Number(b))).toEqual(names)
      for (const partition of [0, 1, 2, 3]) {
        const mine = all.filter((name) => Number(name) % 4 === partition).map(Number)
        expect(mine).toEqual(mine.toSorted((a, b) => a - b))
      }
    },
  },
]

/** Copies what it fetches, a few records at a time, each with the position behind it. */
function startPipe(log: Log, group: string, input: string, output: string): Promise<Member> {
  const loops = new Map<number, { stop: AbortController; done: Promise<void> }>()
  const copy = async (member: Member, partition: number, { signal }: AbortController): Promise<void> => {
    let offset = member.position(input, partition).committedOffset
    while (!signal.aborted) {
      const [batch] = await member.fetch(input, partition, { offset, maxBytes: 10, signal }).catch(() => [])
      if (batch === undefined) continue
      const copies = batch.records.map((entry) => record(output, 0, entry.value!.slice()))
      const position = { topic: input, partition, offset: batch.nextOffset, metadata: new Uint8Array() }
      await member.consumer.commit([position], copies)
      offset = batch.nextOffset
    }
  }
  return Member.join(log, group, [input], {
    onAssigned: (member, partitions) => {
      for (const { partition } of partitions) {
        const stop = new AbortController()
        loops.set(partition, { stop, done: copy(member, partition, stop) })
      }
    },
    onRevoked: async (_, partitions) => {
      const ending = partitions.map(({ partition }) => loops.get(partition)!)
      for (const loop of ending) loop.stop.abort()
      await Promise.all(ending.map((loop) => loop.done))
    },
  })
}
