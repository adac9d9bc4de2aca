/**
 * Dead letters on the real embedded log: kept, worked on, and still there after the log was closed and opened again.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { DeadLetterIndex, DeadLetters } from '../../src/deadletter/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import type { Log } from '../../src/transport/index.ts'
import { bench, configOf, idOf, letter, topic } from './letters.ts'

async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-dead-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function open(directory: string): Promise<Log> {
  return embedded({ directory }).open({ clock: systemClock, clientId: 'test' })
}

test('keeps letters and what happened to them across a restart', async () => {
  const directory = await freshDirectory()
  const on = await bench(undefined, () => open(directory))
  const parked = { kind: 'parked' } as const
  // Two letters are so large that they are not read in one piece.
  const large = { ...letter(1).record, value: Buffer.alloc(700_000, 1) }
  await on.keep(letter(1, { record: large }), letter(2, parked), letter(3, { key: 'b' }), letter(4, { record: large }))
  const letters = new DeadLetters({ log: on.log, config: configOf(on.sub), clock: systemClock, by: 'ann' })
  await letters.redrive('billing', { ids: [idOf(1)] })
  await letters.discard('billing', { key: 'b' }, { reason: 'test' })
  await on.log.close()

  const log = await open(directory)
  const index = new DeadLetterIndex(log, on.sub)
  await index.refresh()
  expect([...index.unresolved()].map((one) => [one.id, one.status])).toEqual([
    [idOf(1), 'redriving'],
    [idOf(2), 'parked'],
    [idOf(4), 'dead'],
  ])
  expect(index.chain(topic, 0, 'k').map(({ id }) => id)).toEqual([1, 2, 4].map(idOf))
  const back = await index.original(index.get(idOf(2))!)
  const { record } = letter(2)
  expect(Buffer.from(back.value!).equals(record.value!)).toBe(true)
  expect([...back.headers].map(([name, value]) => [name, Buffer.from(value)])).toEqual([...record.headers])
  await log.close()
})

test('tells a waiting redrive what another client of the log reports', async () => {
  const directory = await freshDirectory()
  const on = await bench(undefined, () => open(directory))
  const worker = await open(directory)
  await on.keep(letter(1), letter(2, { key: 'b' }))
  const letters = new DeadLetters({ log: on.log, config: configOf(on.sub), clock: systemClock, by: 'ann' })
  const waiting = letters.redrive('billing', { all: true }, { wait: true, rate: Infinity })

  const stop = new AbortController()
  const index = new DeadLetterIndex(worker, on.sub)
  await index.follow({
    signal: stop.signal,
    changed: ({ entry }) => entry.action === 'redrive-requested' && stop.abort(),
  })
  expect(index.redriving(topic, 0).map(({ id }) => id)).toEqual([idOf(1), idOf(2)])
  await on.say('redriven', [1])
  await on.say('redrive-failed', [2])
  expect((await waiting).map(({ outcome }) => outcome)).toEqual(['redriven', 'failed'])
  await Promise.all([worker.close(), on.log.close()])
})
