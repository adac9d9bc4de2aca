/**
 * Letters whose payload was replaced, run by a worker: in their place, once, with the newest payload.
 * @module
 */
import { describe, expect, it, test } from 'vitest'
import { Unrecoverable, veltrix } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'
import type { Log } from '../../src/transport/index.ts'
import { Child } from '../support/child.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'
import { eventRecord, rawBench } from './raw-bench.ts'
import { gate, kept, publishSteps, steps } from './steps.ts'

const reason = 'wrong number'

describe('a replaced letter', () => {
  it('of a parked key runs before its followers, as another event with the first as its cause', async () => {
    const seen: string[] = []
    const app = veltrix(steps({ onDeadLetter: 'park-key' })).handle('sub', 'step', ({ data, id, extensions }, ctx) => {
      if (data.n === 1) throw new Unrecoverable('no such number')
      seen.push(`${data.key}${data.n}${ctx.redriven ? ' again' : ''}`)
      if (data.n === 10) causes.push([id, extensions['causationid']!])
    })
    const causes: [string, string][] = []
    await using test = await testApp(app)
    await publishSteps(test, 'a', 1, 4)
    const letters = await kept(test, 4)
    const { letters: list } = await letters.list('sub')
    const [third, head] = [list[1]!, list.at(-1)!]
    await letters.replace('sub', third.id, { data: { key: 'a', n: 30 }, reason })
    const { eventId } = await letters.replace('sub', head.id, { data: { key: 'a', n: 10 }, reason })
    await publishSteps(test, 'a', 5, 5)
    await test.handled('step', { n: 5 })
    expect(seen.map((each) => each.replace(' again', ''))).toEqual(['a10', 'a2', 'a30', 'a4', 'a5'])
    expect(seen.slice(0, 2)).toEqual(['a10 again', 'a2 again'])
    expect(causes).toEqual([[eventId, head.eventId]])
    expect((await letters.list('sub')).total).toBe(0)
  })

  it('under continue runs once, and fails again with its new payload in place', async () => {
    const seen: number[] = []
    const app = veltrix(steps()).handle('sub', 'step', ({ data }) => {
      seen.push(data.n)
      if (data.n < 3) throw new Unrecoverable(`${data.n} is too few`)
    })
    await using test = await testApp(app)
    await publishSteps(test, 'a', 1, 1)
    const letters = await kept(test, 1)
    const { id } = (await letters.list('sub')).letters[0]!
    const replaced = async (n: number): Promise<void> => {
      await letters.replace('sub', id, { data: { key: 'a', n }, reason })
      while ((await letters.list('sub')).letters.some(({ status }) => status === 'redriving')) await test.clock.yield()
    }
    await replaced(2)
    const shown = await letters.show('sub', id)
    expect([shown.letter.errorMessage, shown.event?.data]).toEqual(['2 is too few', { key: 'a', n: 2 }])
    await replaced(3)
    expect(seen).toEqual([1, 2, 3])
    expect((await letters.audit('sub')).map(({ action }) => action)).toEqual([
      ...['redriven', 'redrive-requested', 'replaced'],
      ...['redrive-failed', 'redrive-requested', 'replaced'],
    ])
  })
})

test('a follower that is replaced while its record is read for its turn runs with the new payload, once', async () => {
  let isRead = false
  const replaced = gate()
  const on = await rawBench({
    subscription: { onDeadLetter: 'park-key' },
    // Its record has been read, and is on its way.
    log: (log) =>
      new Proxy(log, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          if (name !== 'read') return value.bind(target) as unknown
          return async (wanted: Parameters<Log['read']>[0]) => {
            const batch = await log.read(wanted)
            if (wanted.topic !== on.sub.deadTopic || wanted.offset !== 1 || wanted.maxBytes !== 1) return batch
            isRead = true
            await replaced.opened
            return batch
          }
        },
      }),
  })
  const seen: unknown[] = []
  await on.start((worker) =>
    worker.handle('sub', 'step', ({ data }, ctx) => {
      if (!ctx.redriven) throw new Unrecoverable('planted')
      seen.push((data as { n: number }).n)
    }),
  )
  await on.append(eventRecord('1', 'a', { key: 'a', n: 1 }), eventRecord('2', 'a', { key: 'a', n: 2 }))
  await on.committed(2)
  const { letters } = await on.inTime(on.desk.list('sub'))
  expect(letters.map(({ kind, deadOffset }) => [kind, deadOffset])).toEqual([
    ['parked', 1],
    ['dead', 0],
  ])
  expect(isRead).toBe(false)
  await on.inTime(on.desk.redrive('sub', { ids: [letters[1]!.id] }))
  await on.clock.runUntil(() => isRead)
  await on.inTime(on.desk.replace('sub', letters[0]!.id, { data: { key: 'a', n: 20 }, reason }))
  replaced.open()
  await on.clock.advance(10_000)
  expect(seen).toEqual([1, 20])
  expect((await on.inTime(on.desk.list('sub'))).total).toBe(0)
})

test('killed between the two steps of a replacement, the same call again runs it once, before its followers', async () => {
  const directory = freshDirectory()
  const program = new URL('replace-child.ts', import.meta.url)
  const first = new Child(program, directory, 'dies')
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' })
  expect(first.lines).toEqual(['letters 3'])
  const second = new Child(program, directory, 'repeats')
  expect(await second.ended).toEqual({ code: 0, signal: null })
  expect(second.lines).toEqual([
    ...['letter dead replaced', 'letter parked', 'letter parked'],
    ...['outcome requested', 'handled 10', 'handled 2', 'handled 3', 'dead records 4', 'left 0'],
  ])
}, 60_000)
