/** A repeated id on a real log: one event, whoever repeats it and whenever inside the window. @module */
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { Publisher } from '../../src/publisher/index.ts'
import { embedded, type EmbeddedOptions } from '../../src/transport/embedded/index.ts'
import type { Log } from '../../src/transport/index.ts'
import { readAll } from '../conformance/harness.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'
import { checkout } from './checkout.ts'

/** A publisher with a log client of its own, as another process has. */
async function publisherOn(
  directory: string,
  options: EmbeddedOptions = {},
): Promise<{ log: Log; publisher: Publisher; end: () => Promise<void> }> {
  const config = checkout()
  const log = await embedded({ ...options, directory }).open({ clock: systemClock, clientId: 'test' })
  const kept = { retentionMs: Infinity, retentionBytes: Infinity }
  for (const { partitions, topics } of config.streams.values()) {
    await log.admin.createTopics([...topics.values()].map((name) => ({ name, partitions, ...kept })))
  }
  const publisher = new Publisher({ config, log, clock: systemClock })
  const end = async (): Promise<void> => {
    await publisher.close()
    await log.close()
  }
  onTestFinished(end)
  return { log, publisher, end }
}

const placed = { key: 'o-1', pad: 'x' }

test('gives the place of the first: in one go, later, from another client, after a restart', async () => {
  const directory = freshDirectory()
  const first = await publisherOn(directory)
  const together = await Promise.all([1, 2, 3].map(() => first.publisher.publish('order.placed', placed, { id: 'i' })))
  expect(together.map(({ duplicate }) => duplicate)).toEqual([false, true, true])
  const other = await publisherOn(directory)
  const [bulk] = await other.publisher.publishMany([{ type: 'order.placed', data: placed, id: 'i' }])
  await other.end()
  await first.end()
  const later = await publisherOn(directory)
  const again = await later.publisher.publish('order.placed', placed, { id: 'i' })
  const { offset, partition, topic } = together[0]!
  for (const one of [...together, bulk, again]) expect(one).toMatchObject({ id: 'i', offset, partition, topic })
  expect(bulk).toMatchObject({ ok: true, duplicate: true })
  expect(again.duplicate).toBe(true)
  expect(await readAll(later.log, topic, partition)).toHaveLength(1)
})

test('with other content is refused, and harms nothing', async () => {
  const { publisher } = await publisherOn(freshDirectory())
  const { offset } = await publisher.publish('order.placed', placed, { id: 'i' })
  const others: [string, object, object?][] = [
    ['order.placed', { ...placed, pad: 'y' }],
    ['order.placed', placed, { key: 'o-2' }],
    ['order.exported', placed],
  ]
  for (const [type, data, options] of others) {
    const refused = publisher.publish(type, data, { id: 'i', ...options })
    await expect(refused).rejects.toMatchObject({ code: 'VLX_ID_CONFLICT', id: 'i', offset, retryable: false })
  }
  // The time is not content: a repeat comes later than the first.
  const later = await publisher.publish('order.placed', placed, { id: 'i', time: '2030-01-01T00:00:00Z' })
  expect(later).toMatchObject({ duplicate: true, offset })
})

test('gives the place of the first also when it is published to another lane', async () => {
  const { log, publisher } = await publisherOn(freshDirectory())
  const first = await publisher.publish('order.placed', placed, { id: 'i', lane: 'critical' })
  await publisher.publish('order.placed', placed, { lane: 'bulk' })
  const again = await publisher.publish('order.placed', placed, { id: 'i', lane: 'bulk' })
  expect(again).toEqual({ ...first, duplicate: true })
  expect(await readAll(log, 'checkout.orders.bulk', first.partition)).toHaveLength(1)
})

test('of one source is not that of another', async () => {
  const directory = freshDirectory()
  const { publisher, log } = await publisherOn(directory)
  await publisher.publish('order.placed', placed, { id: 'i' })
  const config = { ...checkout(), source: '/elsewhere' }
  const elsewhere = new Publisher({ config, log, clock: systemClock })
  expect(await elsewhere.publish('order.placed', placed, { id: 'i' })).toMatchObject({ duplicate: false })
  await elsewhere.close()
})
