/**
 * Damaged files: whatever bit is flipped and wherever a file is cut, either an error names the file or every record is exactly right.
 * @module
 */
import {
  closeSync,
  cpSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileOptions } from '../../../src/transport/embedded/options.ts'
import { unpackRecords } from '../../../src/transport/embedded/record-codec.ts'
import { logFiles } from '../../../src/transport/embedded/thread/layout.ts'
import { Reader } from '../../../src/transport/embedded/thread/reader.ts'
import { logError } from '../../../src/transport/embedded/thread/sqlite-errors.ts'
import { Store } from '../../../src/transport/embedded/thread/store.ts'
import { LogCorrupted, type LogRecord } from '../../../src/transport/index.ts'
import { record, records, seeded, stored } from '../../conformance/harness.ts'
import { crashImage, freshDirectory, openLog } from './directory.ts'

const seed = Number(process.env['VELTRIX_SEED'] ?? 4)
const topics = { alpha: 3, beta: 2 }
const each = 400

/** Writes a log with rows of many sizes. With `image`, copies it as a crash would leave it: much of it still in the WAL. */
async function writeLog(directory: string, image?: string): Promise<void> {
  const log = await openLog(directory, { durability: 'none' })
  for (const [name, partitions] of Object.entries(topics)) {
    await log.admin.createTopics([{ name, partitions, retentionMs: Infinity, retentionBytes: Infinity }])
  }
  for (let from = 0; from < each; from += 20) {
    await stored(
      log,
      Object.entries(topics).flatMap(([topic, partitions]) =>
        Array.from({ length: partitions }, (_, partition) =>
          Array.from({ length: 20 }, (_, nth) => record(topic, partition, valueOf(topic, partition, from + nth))),
        ).flat(),
      ),
    )
  }
  if (image !== undefined) {
    // The last transaction, whose loss nobody could tell from a torn write.
    await stored(log, records('alpha', 0, ['last']))
    crashImage(directory, image)
  }
  await log.close()
}

function valueOf(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${offset}`.padEnd(20 + ((offset * 131) % 900), '.')
}

/** Opens the files and reads everything; the outcome as text. Anything altered fails the test here. */
function readEverything(directory: string): 'right' | 'damaged' {
  const files = logFiles(directory)
  let store: Store | undefined
  let reader: Reader | undefined
  try {
    store = new Store(files, compileOptions({ directory, durability: 'none' }))
    reader = new Reader(files.log)
    expect([...store.catalog.topics.keys()].sort()).toEqual(Object.keys(topics))
    for (const [topic, partitions] of Object.entries(topics)) {
      for (let partition = 0; partition < partitions; partition++) checkAll(reader, topic, partition)
    }
    return 'right'
  } catch (error) {
    const meant = logError(error, files.log)
    expect(meant).toBeInstanceOf(LogCorrupted)
    expect((meant as LogCorrupted).file.startsWith(directory)).toBe(true)
    expect((meant as LogCorrupted).message).toContain((meant as LogCorrupted).file)
    return 'damaged'
  } finally {
    reader?.close()
    store?.close()
  }
}

function checkAll(reader: Reader, topic: string, partition: number): void {
  const got: LogRecord[] = []
  for (let offset = 0; ;) {
    const part = reader.read({ topic, partition, offset, maxBytes: 60_000 })
    for (const chunk of part.chunks) unpackRecords(chunk, got)
    if (part.nextOffset === offset) break
    offset = part.nextOffset
  }
  const rest =
    topic === 'alpha' && partition === 0 ? got.slice(each).map((entry) => Buffer.from(entry.value!).toString()) : []
  expect(rest.every((value) => value === 'last')).toBe(true)
  expect(got.length - rest.length).toBe(each)
  for (const [offset, entry] of got.slice(0, each).entries()) {
    if (entry.offset !== offset || Buffer.from(entry.value!).toString() !== valueOf(topic, partition, offset)) {
      throw new Error(`${topic}/${partition}/${offset} was served altered`)
    }
  }
}

function flip(file: string, at: number, bit: number): void {
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, at)
  byte[0]! ^= 1 << bit
  writeSync(descriptor, byte, 0, 1, at)
  closeSync(descriptor)
}

let base: string
let clean: string
let crashed: string

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'vlx-'))
  clean = join(base, 'clean')
  crashed = join(base, 'crashed')
  await writeLog(clean)
  await writeLog(join(base, 'live'), crashed)
})

afterAll(() => rmSync(base, { recursive: true, force: true }))

test('undamaged files are read whole', () => {
  expect(readEverything(copy(clean))).toBe('right')
  expect(statSync(join(crashed, 'log.db-wal')).size).toBeGreaterThan(1_000_000)
  expect(readEverything(copy(crashed))).toBe('right')
})

test('a flipped bit anywhere in log.db is found, or harms nothing', () => {
  const random = seeded(seed)
  const size = statSync(join(clean, 'log.db')).size
  const pageBytes = 32_768
  const found = { right: 0, damaged: 0 }
  for (let round = 0; round < 150; round++) {
    const directory = copy(clean)
    // Half of them where SQLite keeps its own structure: at the beginnings of pages.
    const page = Math.floor(random() * (size / pageBytes)) * pageBytes
    const at = round % 2 === 0 ? Math.floor(random() * size) : page + Math.floor(random() * 120)
    flip(join(directory, 'log.db'), at, Math.floor(random() * 8))
    const outcome = attempt(directory, `VELTRIX_SEED=${seed}, byte ${at}`)
    found[outcome]++
  }
  expect(found.damaged).toBeGreaterThan(50)
})

test('a log.db that was cut anywhere is found', () => {
  const random = seeded(seed)
  const size = statSync(join(clean, 'log.db')).size
  for (const length of [
    0,
    1,
    99,
    100,
    4_096,
    size - 1,
    ...Array.from({ length: 40 }, () => Math.floor(random() * size)),
  ]) {
    const directory = copy(clean)
    truncateSync(join(directory, 'log.db'), length)
    expect(attempt(directory, `cut to ${length}`)).toBe('damaged')
  }
})

test('a flipped bit in the write-ahead log is found; only the last transaction may look torn', () => {
  const random = seeded(seed)
  const last = lastTransaction(join(crashed, 'log.db-wal'))
  for (let round = 0; round < 60; round++) {
    const directory = copy(crashed)
    const at = Math.floor(random() * last)
    flip(join(directory, 'log.db-wal'), at, Math.floor(random() * 8))
    expect(attempt(directory, `VELTRIX_SEED=${seed}, byte ${at} of the WAL`)).toBe('damaged')
  }
})

test('a write-ahead log that was torn in its last transaction opens with all before it', () => {
  const random = seeded(seed)
  const wal = join(crashed, 'log.db-wal')
  const last = lastTransaction(wal)
  const { size } = statSync(wal)
  for (let round = 0; round < 10; round++) {
    const directory = copy(crashed)
    truncateSync(join(directory, 'log.db-wal'), last + Math.floor(random() * (size - last)))
    expect(attempt(directory, 'torn')).toBe('right')
  }
})

test('what is no log of ours is refused by name', async () => {
  const garbage = copy(clean)
  writeFileSync(join(garbage, 'log.db'), Buffer.alloc(100_000, 'no database '))
  await expect(openLog(garbage)).rejects.toMatchObject({ code: 'VLX_LOG_CORRUPTED', file: join(garbage, 'log.db') })
  const newer = copy(clean)
  const db = new DatabaseSync(join(newer, 'log.db'))
  db.exec('PRAGMA user_version=99')
  db.close()
  await expect(openLog(newer)).rejects.toMatchObject({ code: 'VLX_LOG_VERSION' })
  const swapped = copy(clean)
  const other = freshDirectory()
  await (await openLog(other)).close()
  cpSync(join(other, 'groups.db'), join(swapped, 'groups.db'))
  await expect(openLog(swapped)).rejects.toMatchObject({ code: 'VLX_LOG_CORRUPTED', file: join(swapped, 'groups.db') })
})

test('a read of damaged records rejects with the place, and other partitions are still served', async () => {
  const directory = copy(clean)
  const bytes = Buffer.alloc(statSync(join(directory, 'log.db')).size)
  const descriptor = openSync(join(directory, 'log.db'), 'r')
  readSync(descriptor, bytes, 0, fstatSync(descriptor).size, 0)
  closeSync(descriptor)
  flip(join(directory, 'log.db'), bytes.indexOf('beta/1/7.'), 2)
  const log = await openLog(directory)
  const read = (partition: number) => log.read({ topic: 'beta', partition, offset: 0, maxBytes: 1, maxWaitMs: 0 })
  await expect(read(1)).rejects.toMatchObject({ code: 'VLX_LOG_CORRUPTED', file: join(directory, 'log.db') })
  await expect(read(1)).rejects.toThrow('beta/1')
  expect((await read(0)).records).toHaveLength(1)
  await log.close()
})

function attempt(directory: string, what: string): 'right' | 'damaged' {
  try {
    return readEverything(directory)
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
  }
}

function copy(from: string): string {
  const to = freshDirectory()
  cpSync(from, to, { recursive: true })
  return to
}

/** Where the last transaction of a WAL begins: behind the commit frame before the last one. */
function lastTransaction(wal: string): number {
  const descriptor = openSync(wal, 'r')
  const head = Buffer.alloc(32)
  readSync(descriptor, head, 0, 32, 0)
  const frameBytes = 24 + head.readUInt32BE(8)
  const commits: number[] = []
  const frame = Buffer.alloc(24)
  for (let at = 32; readSync(descriptor, frame, 0, 24, at) === 24; at += frameBytes) {
    if (frame.compare(head, 16, 24, 8, 16) === 0 && frame.readUInt32BE(4) !== 0) commits.push(at + frameBytes)
  }
  closeSync(descriptor)
  return commits.at(-2)!
}
