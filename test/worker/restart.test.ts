/** What a restart keeps: progress above an event that is stuck, and the order of a parked key in the middle of its release. @module */
import { expect, test } from 'vitest'
import { Unrecoverable, veltrix } from '../../src/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { gate, handledBy, kept, publishSteps, steps, until } from './steps.ts'

test('what was done above an event that is not done is not repeated', async () => {
  const started = gate()
  const stuck = veltrix(steps()).handle('sub', 'step', ({ data }) => {
    if (data.key !== 'stuck') return
    started.open()
    return new Promise(() => {})
  })
  const first = await testApp(stuck)
  await publishSteps(first, 'stuck', 1, 2)
  await started.opened
  for (const key of ['a', 'b', 'c']) await publishSteps(first, key, 1, 20)
  await until(first, () => handledBy(first).length === 60)
  expect(await first.app.stop({ drainTimeoutMs: 0 })).toMatchObject({ drained: false, abandoned: 1 })
  const well = veltrix(steps()).handle('sub', 'step', () => {})
  const second = await testApp(well, { transport: first.transport })
  await publishSteps(second, 'a', 21, 21)
  await Promise.all([second.handled('step', { key: 'a' }), second.handled('step', { key: 'stuck', n: 2 })])
  expect(handledBy(second).toSorted()).toEqual(['a21', 'stuck1', 'stuck2'])
  await second.stop()
  await first.stop()
})

test('a parked key goes on in order when its release is cut off in the middle', async () => {
  const seen: string[] = []
  let poison = true
  const third = gate()
  const never = gate()
  const make = (blocked: boolean) =>
    veltrix(steps({ onDeadLetter: 'park-key' })).handle('sub', 'step', async ({ data }) => {
      if (data.n === 1 && poison) throw new Unrecoverable('not yet')
      if (data.n === 3 && blocked) {
        third.open()
        await never.opened
      }
      seen.push(`${data.key}${data.n}`)
    })
  const first = await testApp(make(true))
  await publishSteps(first, 'a', 1, 5)
  const letters = await kept(first, 5)
  poison = false
  await letters.redrive('sub', { kind: 'dead' })
  await third.opened
  expect(seen).toEqual(['a1', 'a2'])
  await first.app.stop({ drainTimeoutMs: 0 })
  const second = await testApp(make(false), { transport: first.transport })
  await publishSteps(second, 'a', 6, 6)
  await second.handled('step', { key: 'a', n: 6 })
  expect(seen).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6'])
  expect((await (await second.app.deadLetters()).list('sub')).letters).toEqual([])
  await second.stop()
  await first.stop()
})

test('letters of one kind are redriven by condition, the others stay; who asked and what came of it is written down', async () => {
  let poison = true
  const app = veltrix(steps()).handle('sub', 'step', ({ data }) => {
    if (poison) throw new Unrecoverable(data.n === 1 ? 'card declined' : 'address unknown')
  })
  await using test = await testApp(app)
  for (const key of ['a', 'b', 'c']) await publishSteps(test, key, 1, 2)
  const letters = await kept(test, 6)
  poison = false
  const selection = { error: 'card declined', since: 0 }
  const dry = await letters.redrive('sub', selection, { dryRun: true })
  expect(dry.map(({ outcome }) => outcome)).toEqual(['would-redrive', 'would-redrive', 'would-redrive'])
  expect(handledBy(test)).toEqual([])
  const results = await letters.redrive('sub', selection, { wait: true, rate: Infinity, reason: 'bank is back' })
  expect(results.map(({ outcome }) => outcome)).toEqual(['redriven', 'redriven', 'redriven'])
  expect(handledBy(test).toSorted()).toEqual(['a1', 'b1', 'c1'])
  const left = (await letters.list('sub')).letters
  expect(left.map(({ errorMessage }) => errorMessage)).toEqual(Array.from({ length: 3 }, () => 'address unknown'))
  await letters.discard('sub', { key: 'a' }, { reason: 'customer is gone' })
  const audit = await letters.audit('sub')
  expect(audit.map(({ action }) => action).toSorted()).toEqual([
    'discarded',
    'redrive-requested',
    'redriven',
    'redriven',
    'redriven',
  ])
  expect(audit.find(({ action }) => action === 'discarded')).toMatchObject({ reason: 'customer is gone' })
  expect(audit.find(({ action }) => action === 'redrive-requested')).toMatchObject({
    reason: 'bank is back',
    by: expect.stringContaining('steps@'),
  })
})
