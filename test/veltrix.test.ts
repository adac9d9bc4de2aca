/** Starting and stopping an application, in any order and at any moment. @module */
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { defineVeltrix, event, veltrix } from '../src/index.ts'
import { embedded } from '../src/transport/embedded/index.ts'
import { Child } from './support/child.ts'
import { freshDirectory } from './transport/embedded/directory.ts'

const config = defineVeltrix({
  app: 'life',
  streams: { s: { key: 'key', partitions: 1, events: { step: event(z.object({ key: z.string() })) } } },
  subscriptions: { sub: { events: ['step'] } },
})

function application() {
  const app = veltrix(config, { transport: embedded({ directory: freshDirectory(), durability: 'none' }) })
  onTestFinished(() => void app.stop({ drainTimeoutMs: 0 }))
  return app.handle('sub', 'step', () => {})
}

test('two starts at once are one start and an error', async () => {
  const app = application()
  const [first, second] = await Promise.allSettled([app.start(), app.start()])
  expect(first.status).toBe('fulfilled')
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'VLX_ALREADY_STARTED' } })
  expect(() => app.handle('sub', 'step', () => {})).toThrow(/runs already/)
})

test('a stop while it starts waits for the start, then drains', async () => {
  const app = application()
  const started = app.start()
  expect(await app.stop()).toEqual({ drained: true, abandoned: 0 })
  await started
  expect(app.status()[0]).toMatchObject({ partitions: 0, running: 0 })
})

test('a stopped application opens nothing any more', async () => {
  const app = application()
  await app.stop()
  await expect(app.publish('step', { key: 'a' })).rejects.toMatchObject({ code: 'VLX_ALREADY_STARTED' })
  await expect(app.start()).rejects.toMatchObject({ code: 'VLX_ALREADY_STARTED' })
  await expect(app.deadLetters()).rejects.toMatchObject({ code: 'VLX_ALREADY_STARTED' })
})

test('a start that failed because the log could not be reached may be repeated', async () => {
  let reachable = false
  const directory = freshDirectory()
  const real = embedded({ directory, durability: 'none' })
  const transport = {
    ...real,
    open: (how: Parameters<typeof real.open>[0]) =>
      reachable ? real.open(how) : Promise.reject(new Error('not reachable')),
  }
  const app = veltrix(config, { transport }).handle('sub', 'step', () => {})
  await expect(app.start()).rejects.toThrow('not reachable')
  reachable = true
  await app.start()
  expect(await app.stop()).toEqual({ drained: true, abandoned: 0 })
})

test.each([0, 20, 60])('a signal %i ms into its start ends the process with 0', async (afterMs) => {
  const child = new Child(new URL('early-signal-child.ts', import.meta.url), freshDirectory(), String(afterMs))
  expect(await child.ended).toEqual({ code: 0, signal: null })
  expect(child.lines).not.toContain('after run')
})

test('a program that starts, publishes and stops at once comes to its end', async () => {
  const child = new Child(new URL('brief-child.ts', import.meta.url), freshDirectory())
  expect(await child.ended).toEqual({ code: 0, signal: null })
  expect(child.lines).toEqual(['stopped'])
})
