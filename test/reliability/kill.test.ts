/**
 * kill -9 in a loop under load: nothing acknowledged is lost, nothing is stored twice or out of order, no position goes back.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../src/transport/index.ts'
import { readAll, seeded, text } from '../conformance/harness.ts'
import { freshDirectory, openLog } from '../transport/embedded/directory.ts'

const kills = 50
const child = fileURLToPath(new URL('kill-child.ts', import.meta.url))

test(`${kills} times kill -9 under load loses nothing that was acknowledged`, { timeout: 120_000 }, async () => {
  const directory = freshDirectory()
  const journal = join(freshDirectory(), 'journal')
  const random = seeded(Number(process.env['VELTRIX_SEED'] ?? 20_261_124))
  for (let life = 0; life < kills; life++) {
    // Most die in the middle of work, every fifth perhaps while it still recovers from the last kill.
    await liveAndDie(directory, journal, life, life % 5 !== 4, random() * (life % 5 === 4 ? 400 : 60))
  }
  const noted = readJournal(journal)
  expect(noted.acked.length).toBeGreaterThan(kills)
  expect(noted.backwards).toEqual([])
  const log = await openLog(directory)
  for (const partition of [0, 1, 2]) checkPartition(await readAll(log, 'killed', partition), partition, noted.acked)
  const [group] = await log.admin.groups(['killed'])
  for (const { partition, offset, metadata } of group!.positions) {
    expect(offset).toBeGreaterThanOrEqual(noted.committed.get(partition) ?? 0)
    expect(text(metadata)).toBe(`at ${offset}`)
  }
  await log.close()
})

async function liveAndDie(
  directory: string,
  journal: string,
  life: number,
  working: boolean,
  afterMs: number,
): Promise<void> {
  const running = spawn(process.execPath, [child, directory, journal, String(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(running, 'exit')
  if (working) {
    const started = await Promise.race([once(running.stdout, 'data').then(() => true), exit.then(() => false)])
    expect(started, `life ${life} ended by itself`).toBe(true)
  }
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  expect(running.kill('SIGKILL'), `life ${life} was alive when it was killed`).toBe(true)
  await exit
}

interface Acked {
  readonly partition: number
  readonly offset: number
  readonly id: string
}

/** What the children said before they died. A last line without its end was being written. */
function readJournal(file: string): { acked: Acked[]; committed: Map<number, number>; backwards: string[] } {
  const acked: Acked[] = []
  const committed = new Map<number, number>()
  const backwards: string[] = []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  for (const line of lines) {
    const [kind, partition, offset, id] = line.split(' ') as [string, string, string, string]
    if (kind === 'a') acked.push({ partition: Number(partition), offset: Number(offset), id })
    else if (Number(offset) < (committed.get(Number(partition)) ?? 0)) backwards.push(line)
    else committed.set(Number(partition), Number(offset))
  }
  return { acked, committed, backwards }
}

function checkPartition(stored: readonly LogRecord[], partition: number, acked: readonly Acked[]): void {
  const ids = stored.map((entry) => text(entry.value)!.trimEnd())
  expect(stored.map((entry) => entry.offset)).toEqual(stored.map((_, index) => index))
  expect(new Set(ids).size, 'every record is stored once').toBe(ids.length)
  for (const each of acked) if (each.partition === partition) expect(ids[each.offset]).toBe(each.id)
  // One writer's records are in the order it sent them, also those that were not acknowledged any more.
  const last = new Map<string, readonly [number, number]>()
  for (const id of ids) {
    const [life, writer, nth, index] = id.split('.').map(Number) as [number, number, number, number]
    const [beforeNth, beforeIndex] = last.get(`${life}.${writer}`) ?? [-1, -1]
    expect(nth > beforeNth ? index === 0 : nth === beforeNth && index === beforeIndex + 1, `${id} is in order`).toBe(
      true,
    )
    last.set(`${life}.${writer}`, [nth, index])
  }
}
