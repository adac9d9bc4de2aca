/**
 * One of several processes on a directory, for `processes.test.ts`: publishes and consumes until told to stop or killed.
 * What was acknowledged and handled goes to a journal; a line on standard output tells of progress.
 * @module
 */
import { openSync, writeSync } from 'node:fs'
import { systemClock } from '../../../src/clock.ts'
import { isVeltrixError } from '../../../src/errors.ts'
import { embedded } from '../../../src/transport/embedded/index.ts'
import type { AssignedPartition, Consumer } from '../../../src/transport/index.ts'

const [directory, journalFile, name] = process.argv.slice(2) as [string, string, string]
const topic = 'shared'
const journal = openSync(journalFile, 'a')
const note = (line: string): void => {
  writeSync(journal, `${line}\n`)
  process.stdout.write(`${line}\n`)
}

const log = await embedded({ directory }).open({ clock: systemClock, clientId: name })
await log.admin.createTopics([{ name: topic, partitions: 4, retentionMs: Infinity, retentionBytes: Infinity }])
let stopping = false
const held = new Map<number, AssignedPartition>()
const loops = new Map<number, Promise<void>>()

/** Nothing but what a caller is told to try again. */
function expected(error: unknown): void {
  if (isVeltrixError(error) && (error.retryable || error.code === 'VLX_FENCED')) return
  if (stopping && isVeltrixError(error) && error.code === 'VLX_LOG_CLOSED') return held.clear()
  throw error
}

async function publish(): Promise<void> {
  for (let nth = 0; !stopping; nth++) {
    const partition = nth % 4
    const value = Buffer.from(`${name}.${nth}`)
    try {
      const [outcome] = await log.append([{ topic, partition, key: null, value, headers: [], timestamp: 0 }])
      if ('error' in outcome!) throw outcome.error
      note(`a ${partition} ${outcome!.offset} ${name}.${nth}`)
    } catch (error) {
      expected(error)
    }
  }
}

async function take(place: AssignedPartition): Promise<void> {
  const { partition } = place
  for (let offset = place.committedOffset; held.get(partition) === place;) {
    try {
      const [batch] = await consumer.fetch([{ topic, partition, offset, maxBytes: 20_000 }], { maxWaitMs: 200 })
      if (batch === undefined) continue
      // Handled, then committed: whoever starts at the new position finds this line in the journal before its own.
      note(`h ${partition} ${offset} ${batch.nextOffset}`)
      await consumer.commit([{ topic, partition, offset: batch.nextOffset, metadata: new Uint8Array() }])
      offset = batch.nextOffset
    } catch (error) {
      expected(error)
    }
  }
}

const consumer: Consumer = await log.consume({
  group: 'shared',
  topics: [topic],
  sessionTimeoutMs: 1_500,
  listener: {
    assigned(places) {
      for (const place of places) {
        held.set(place.partition, place)
        loops.set(place.partition, take(place))
      }
      note(`+ ${places.map(({ partition }) => partition).join()}`)
    },
    async revoked(places) {
      for (const { partition } of places) held.delete(partition)
      await Promise.all(places.map(({ partition }) => loops.get(partition)))
      note(`- ${places.map(({ partition }) => partition).join()}`)
    },
    lost(places) {
      for (const { partition } of places) held.delete(partition)
      note(`! ${places.map(({ partition }) => partition).join()}`)
    },
    failed: expected,
  },
})
const publishing = publish()
process.once('SIGTERM', () => void stop())

async function stop(): Promise<void> {
  stopping = true
  await publishing
  await log.close()
  process.stdout.write('closed\n')
}
