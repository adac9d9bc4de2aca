/**
 * Places that cannot be written: a full disk, a read-only file system, a file where the directory should be.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { embedded } from '../../../src/transport/embedded/index.ts'
import { privateFolder } from '../../../src/transport/embedded/thread/socket-path.ts'
import { readAll, record, rejects, stored, text } from '../../conformance/harness.ts'
import { mountSmall } from '../../support/small-disk.ts'
import { freshDirectory, openLog } from './directory.ts'

const spec = { partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }

test('on a full disk appends fail clearly, nothing stored is lost, and the log goes on when there is room', async (context) => {
  const small = await mountSmall(context, 8)
  const filler = join(small, 'filler')
  writeFileSync(filler, Buffer.alloc(4 << 20))
  const directory = join(small, 'log')
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

test('opening on a disk without any room fails clearly', async (context) => {
  const small = await mountSmall(context, 1)
  try {
    writeFileSync(join(small, 'filler'), Buffer.alloc(2 << 20))
  } catch {
    // As full as it gets.
  }
  await rejects(openLog(small), 'VLX_LOG_FULL')
})

test('a read-only directory is refused by name', async (context) => {
  const small = await mountSmall(context, 8)
  await (await openLog(small)).close()
  execFileSync('mount', ['-o', 'remount,ro', small])
  const refused = openLog(small)
  await expect(refused).rejects.toMatchObject({ code: 'VLX_LOG_UNWRITABLE', retryable: false })
  await expect(refused).rejects.toThrow(small)
  await rejects(openLog(join(small, 'below')), 'VLX_LOG_UNWRITABLE')
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

test("what is made is its user's alone, and a socket folder that is not is refused", async () => {
  const directory = join(freshDirectory(), 'log')
  const log = await openLog(directory)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  await log.close()
  const base = freshDirectory()
  expect(statSync(privateFolder(base)).mode & 0o777).toBe(0o700)
  chmodSync(privateFolder(base), 0o755)
  expect(() => privateFolder(base)).toThrow(/nobody else can enter/)
  rmSync(privateFolderOf(base), { recursive: true })
  symlinkSync(freshDirectory(), privateFolderOf(base))
  expect(() => privateFolder(base)).toThrow(/must be a directory/)
})

function privateFolderOf(base: string): string {
  return join(base, `veltrix-${process.getuid!()}`)
}

test('options out of range are refused by name', () => {
  expect(() => embedded({ dedupeWindow: -1 })).toThrow('dedupeWindow')
  expect(() => embedded({ maxRecordBytes: Number.NaN })).toThrow('maxRecordBytes')
  expect(() => embedded({ ownerTimeout: '10s' as never })).toThrow('ownerTimeout')
  // Half a millisecond would make every publish with an id fail.
  expect(() => embedded({ dedupeWindow: 1.5 })).toThrow('dedupeWindow')
  expect(() => embedded({ dir: './data' } as never)).toThrow('embedded({ dir }): there is no such option. Known: dir')
  expect(() => embedded({ directory: '' })).toThrow('directory')
  expect(() => embedded({ directory: 5 as never })).toThrow('embedded({ directory }) is 5')
  expect(() => embedded({ durability: 'fsnc' as never })).toThrow('embedded({ durability }) is "fsnc"')
})
