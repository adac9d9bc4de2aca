/**
 * A disk that is full under a running application: what is stored goes on, what cannot be stored says why, and with room all is well.
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { channelOf } from '../../src/channels.ts'
import { Unrecoverable, veltrix } from '../../src/index.ts'
import { PublishUnknown } from '../../src/publisher/index.ts'
import { testApp } from '../../src/testing/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { mountSmall } from '../support/small-disk.ts'
import { advancing, handledBy, heard, kept, publishSteps, steps } from '../worker/steps.ts'

/** Leaves no room, not even for a small write; returns how to make room again. */
function fill(directory: string): () => void {
  const files: string[] = []
  for (let bytes = 1 << 20; bytes >= 256;) {
    const file = join(directory, `filler-${files.length}`)
    try {
      files.push(file)
      writeFileSync(file, Buffer.alloc(bytes))
    } catch {
      bytes >>= 1
    }
  }
  return () => files.forEach((file) => rmSync(file, { force: true }))
}

test('nothing acknowledged is lost, and everything goes on by itself when there is room', async (context) => {
  const small = await mountSmall(context, 8)
  const app = veltrix(steps()).handle('sub', 'step', ({ data }) => {
    if (data.key === 'bad') throw new Unrecoverable('never')
  })
  const directory = join(small, 'log')
  await using test = await testApp(app, { transport: embedded({ directory }) })
  // Once one was handled, a stored commit lets others start: without it nothing would on a disk that takes no commit.
  await publishSteps(test, 'z', 1, 1)
  await test.handled('step', { key: 'z', n: 1 })
  test.app.pause('sub')
  await publishSteps(test, 'a', 1, 3)
  await publishSteps(test, 'bad', 1, 1)
  const makeRoom = fill(small)
  const troubles = new Set<string>()
  const note = (message: unknown): void => {
    const { doing, error } = message as { doing: string; error: { code?: string } }
    troubles.add(`${doing}: ${error.code}`)
  }
  channelOf('veltrix:worker:trouble').subscribe(note)
  onTestFinished(() => void channelOf('veltrix:worker:trouble').unsubscribe(note))
  const letterRefused = heard('veltrix:worker:trouble', ({ doing }) => doing === 'keep a dead letter')
  test.app.resume('sub')
  const refused = test.app.publish('step', { key: 'b', n: 1 }).then(
    () => new Error('it was stored'),
    (error: Error) => error,
  )
  await test.handled('step', { key: 'a', n: 3 })
  await letterRefused
  const error = await advancing(test, 5_000, refused)
  // Its time may be up while a try is on its way on a slow disk: then nobody knows yet what stands in its way, and it must not say "failed".
  const isOnItsWay = error instanceof PublishUnknown && error.message.includes('was not answered for')
  const said = `There is no room on the disk of ${join(directory, 'log.db')}`
  expect(isOnItsWay || error.message.includes(said)).toBe(true)
  expect(error).toMatchObject({ retryable: true })
  expect([...troubles]).toContain('keep a dead letter: VLX_LOG_FULL')
  makeRoom()
  // What waits for its next try gets it now.
  test.clock.advance(5_000)
  await publishSteps(test, 'c', 1, 2)
  await advancing(test, 1_000, kept(test, 1))
  await test.handled('step', { key: 'c', n: 2 })
  // On its way when its time was up, it may have been stored after all: then "unknown" is what its publisher was told.
  const mayBeStored = error instanceof PublishUnknown
  expect(handledBy(test).filter((name) => name !== 'b1' || !mayBeStored)).toEqual(['z1', 'a1', 'a2', 'a3', 'c1', 'c2'])
})
