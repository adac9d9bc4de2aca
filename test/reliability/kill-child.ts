/**
 * The process that `kill.test.ts` kills: appends under load, consumes and commits, and writes down what was acknowledged.
 * The journal is a file it writes with `writeSync`, so what it says survives the kill.
 * @module
 */
import { openSync, writeSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import type { Consumer, Log } from '../../src/transport/index.ts'

const [directory, journalFile, life] = process.argv.slice(2) as [string, string, string]
const topic = 'killed'
const partitions = 3
const journal = openSync(journalFile, 'a')
const note = (line: string): void => void writeSync(journal, `${line}\n`)

const log = await embedded({ directory }).open({ clock: systemClock, clientId: `life-${life}` })
await log.admin.createTopics([{ name: topic, partitions, retentionMs: Infinity, retentionBytes: Infinity }])

async function write(log: Log, writer: number): Promise<void> {
  const partition = writer % partitions
  for (let nth = 0; ; nth++) {
    const size = 1 + (nth % 7)
    const batch = Array.from({ length: size }, (_, index) => ({
      topic,
      partition,
      key: null,
      value: Buffer.from(`${life}.${writer}.${nth}.${index}`.padEnd(nth % 5 === 0 ? 9_000 : 200)),
      headers: [],
      timestamp: 0,
    }))
    const outcomes = await log.append(batch)
    for (const [index, outcome] of outcomes.entries()) {
      if ('error' in outcome) throw outcome.error
      note(`a ${partition} ${outcome.offset} ${life}.${writer}.${nth}.${index}`)
    }
  }
}

async function take(consumer: Consumer, partition: number, from: number): Promise<void> {
  for (let offset = from; ;) {
    const [batch] = await consumer.fetch([{ topic, partition, offset, maxBytes: 20_000 }], { maxWaitMs: 1_000 })
    if (batch === undefined) continue
    offset = batch.nextOffset
    await consumer.commit([{ topic, partition, offset, metadata: Buffer.from(`at ${offset}`) }])
    note(`c ${partition} ${offset}`)
    process.stdout.write('.')
  }
}

const consumer: Consumer = await log.consume({
  group: 'killed',
  topics: [topic],
  listener: {
    assigned(assigned) {
      for (const { partition, committedOffset, metadata } of assigned) {
        note(`s ${partition} ${committedOffset} ${Buffer.from(metadata).toString()}`)
        void take(consumer, partition, committedOffset)
      }
    },
    revoked: async () => {},
    lost() {},
    failed(error) {
      throw error
    },
  },
})
await Promise.all([0, 1, 2, 3, 4, 5].map((writer) => write(log, writer)))
