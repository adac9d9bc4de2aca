/**
 * Places that cannot be written: a full disk, a read-only file system, a file where the directory should be.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { embedded } from '../../../src/transport/embedded/index.ts'
import { readAll, record, rejects, stored, text } from '../../conformance/harness.ts'
import { freshDirectory, openLog } from './directory.ts'

const spec = { partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }

/** A small file system of its own, or the reason why there is none. */
function mountSmall(megabytes: number): { directory: string } | { reason: string } {
  const directory = join(freshDirectory(), 'small')
  mkdirSync(directory)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'pipe' })
  } catch (error) {
    return { reason: `mounting a small file system is not allowed here: ${(error as Error).message.trim()}` }
  }
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return { directory }
}

test('on a full disk appends fail clearly, nothing stored is lost, and the log goes on when there is room', async ({
  skip,
}) => {
  const small = mountSmall(8)
  if ('reason' in small) return skip(small.reason)
  const filler = join(small.directory, 'filler')
  writeFileSync(filler, Buffer.alloc(4 << 20))
  const directory = join(small.directory, 'log')
  const log = await openLog(directory)
  await log.admin.createTopics([{ name: 't', ...spec }])
  let kept = 0
  for (;;) {
    const [outcome] = await log.append([record('t', 0, `${kept}`.padEnd(100_000))])
    if ('error' in outcome!) {
      expect(outcome.error).toMatchObject({ code: 'VLX_LOG_FULL', retryable: true })
      expect(outcome.error.message).toContain(directory)
      break
    }
    expect(outcome!.offset).toBe(kept++)
  }
  expect(kept).toBeGreaterThan(3)
  const check = async (): Promise<void> => {
    const values = (await readAll(log, 't')).map((entry) => text(entry.value)!.trim())
    expect(values).toEqual(Array.from({ length: kept }, (_, index) => `${index}`))
  }
  await check()
  rmSync(filler)
  expect(await stored(log, [record('t', 0, `${kept}`)])).toEqual([kept])
  kept++
  await check()
  await log.close()
})

test('opening on a disk without any room fails clearly', async ({ skip }) => {
  const small = mountSmall(1)
  if ('reason' in small) return skip(small.reason)
  try {
    writeFileSync(join(small.directory, 'filler'), Buffer.alloc(2 << 20))
  } catch {
    // As full as it gets.
  }
  await rejects(openLog(small.directory), 'VLX_LOG_FULL')
})

test('a read-only directory is refused by name', async ({ skip }) => {
  const small = mountSmall(8)
  if ('reason' in small) return skip(small.reason)
  await (await openLog(small.directory)).close()
  execFileSync('mount', ['-o', 'remount,ro', small.directory])
  const refused = openLog(small.directory)
  await expect(refused).rejects.toMatchObject({ code: 'VLX_LOG_UNWRITABLE', retryable: false })
  await expect(refused).rejects.toThrow(small.directory)
  await rejects(openLog(join(small.directory, 'below')), 'VLX_LOG_UNWRITABLE')
})

test('a file in the place of the directory is refused by name', async () => {
  const file = join(freshDirectory(), 'file')
  writeFileSync(file, 'not a directory')
  await rejects(openLog(file), 'VLX_LOG_UNWRITABLE')
  await expect(openLog(join(file, 'below'))).rejects.toThrow(file)
})

test('a directory with a long or odd name works', async () => {
  for (const name of ['x'.repeat(120), "it's 100% ünusual #?&"]) {
    const directory = join(freshDirectory(), name)
    const [log, other] = [await openLog(directory), await openLog(directory)]
    await other.admin.createTopics([{ name: 't', ...spec }])
    await stored(other, [record('t', 0, 'a')])
    expect(await readAll(other, 't')).toHaveLength(1)
    await Promise.all([log.close(), other.close()])
  }
})

test('options out of range are refused by name', () => {
  expect(() => embedded({ dedupeWindow: -1 })).toThrow('dedupeWindow')
  expect(() => embedded({ maxRecordBytes: Number.NaN })).toThrow('maxRecordBytes')
  expect(() => embedded({ ownerTimeout: '10s' as never })).toThrow('ownerTimeout')
})
