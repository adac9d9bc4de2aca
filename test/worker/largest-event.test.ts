/**
 * The largest event that is taken can also be kept as a dead letter; a larger one is refused when it is published.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { channelOf } from '../../src/channels.ts'
import { defineVeltrix, event, Unrecoverable, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { RecordTooLarge } from '../../src/transport/index.ts'

const maxRecordBytes = 20_000

test('what is published can be kept', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-largest-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const config = defineVeltrix({
    app: 'big',
    streams: {
      s: { key: 'key', partitions: 1, events: { big: event(z.object({ key: z.string(), pad: z.string() })) } },
    },
    subscriptions: { sub: { events: ['big'] } },
    transport: embedded({ directory, maxRecordBytes }),
  })
  const dead = Promise.withResolvers<void>()
  const listen = (): void => dead.resolve()
  channelOf('veltrix:worker:dead').subscribe(listen)
  onTestFinished(() => void channelOf('veltrix:worker:dead').unsubscribe(listen))
  const app = veltrix(config).handle('sub', 'big', () => {
    throw new Unrecoverable('never')
  })
  await app.start()
  let size = maxRecordBytes
  const publish = (): Promise<unknown> => app.publish('big', { key: 'k', pad: 'x'.repeat(size) })
  await expect(publish()).rejects.toThrow(RecordTooLarge)
  // The largest that is taken, found from above.
  for (let taken = false; !taken; size -= 100)
    taken = await publish().then(
      () => true,
      () => false,
    )
  expect(size).toBeGreaterThan(maxRecordBytes - 6_000)
  await dead.promise
  expect(await app.stop()).toEqual({ drained: true, abandoned: 0 })
  const letters = await veltrix(config).deadLetters()
  expect((await letters.list('sub', {})).letters).toHaveLength(1)
})
