/**
 * The lock, on an embedded log: the contract alone makes it, so it holds on every log.
 */
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Lock } from '../../src/topology/lock.ts'
import type { Log } from '../../src/transport/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'

const topic = 'shop._topology'

async function openLogs(...names: readonly string[]): Promise<Log[]> {
  const directory = freshDirectory()
  const logs: Log[] = []
  onTestFinished(async () => void (await Promise.all(logs.map((log) => log.close()))))
  for (const clientId of names) logs.push(await embedded({ directory }).open({ clock: systemClock, clientId }))
  await logs[0]!.admin.createTopics([{ name: topic, partitions: 1, retentionMs: Infinity, retentionBytes: Infinity }])
  return logs
}

const acquire = (log: Log, by: string, timeoutMs = 0): Promise<Lock> =>
  Lock.acquire({ log, topic, by, clock: systemClock, timeoutMs, sessionTimeoutMs: 10_000 })

test('one has it, the second hears who and since when, and gets it when it is free', async () => {
  const [first, second] = (await openLogs('first@here:1', 'second@here:2')) as [Log, Log]
  const held = await acquire(first, 'first@here:1')
  await expect(acquire(second, 'second@here:2')).rejects.toMatchObject({
    code: 'VLX_PLAN_LOCKED',
    holder: 'first@here:1',
    since: expect.stringMatching(/^20\d\d-/),
  })
  await held.confirm()
  const waiting = acquire(second, 'second@here:2', 30_000)
  await held.release()
  await (await waiting).release()
  // Nobody holds it; what the last one said of itself is no holder.
  await (await acquire(first, 'third@here:3')).release()
})

test('who lost it hears so before changing anything more', async () => {
  const [log] = (await openLogs('first@here:1')) as [Log]
  const held = await acquire(log, 'first@here:1')
  await held.confirm()
  await log.admin.deleteTopic(topic)
  const lost = () => held.confirm().then(() => 'held', (error: { code?: string }) => error.code) // prettier-ignore
  await expect.poll(lost, { timeout: 20_000 }).toBe('VLX_PLAN_LOCK_LOST')
  await held.release()
})
