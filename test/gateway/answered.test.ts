/** What the gateway tells of its answers. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import type { ChannelMessages } from '../../src/channels.ts'
import { running } from './running.ts'

type Answer = ChannelMessages['veltrix:gateway:answered']

function answers(): Answer[] {
  const told: Answer[] = []
  const hear = (message: unknown): void => void told.push(message as Answer)
  subscribe('veltrix:gateway:answered', hear)
  onTestFinished(() => void unsubscribe('veltrix:gateway:answered', hear))
  return told
}

const json = { 'content-type': 'application/json' }
const batch = { 'content-type': 'application/cloudevents-batch+json' }

test('each answer is told with its route, its code and the lane it was about', async () => {
  const told = answers()
  const { post, url } = await running()
  await post('/events/order.placed', json, '{"orderId":"o-1","total":1}')
  await post('/events/order.placed', json, '{"orderId":7}')
  await post('/events/no.such', json, '{}')
  await post('/events', batch, '[]')
  await fetch(`${url}/events/types`)
  await fetch(`${url}/some/where/else?id=4711`)
  await fetch(`${url}/events`, { method: 'DELETE' })
  await expect.poll(() => told.length).toBe(7)
  expect(told.map(({ method, route, code, lane }) => [method, route, code, lane])).toEqual([
    ['POST', '/events/:type', 202, 'critical'],
    ['POST', '/events/:type', 400, 'critical'],
    ['POST', '/events/:type', 400, undefined],
    ['POST', '/events', 202, undefined],
    ['GET', '/events/types', 200, undefined],
    ['GET', undefined, 404, undefined],
    ['DELETE', undefined, 405, undefined],
  ])
  for (const { durationMs } of told) expect(durationMs).toBeGreaterThan(0)
})

test('what is no HTTP request is told too', async () => {
  const told = answers()
  const { raw } = await running()
  await raw('GARBAGE\r\n\r\n')
  await expect.poll(() => told).toEqual([expect.objectContaining({ method: '_OTHER', route: undefined, code: 400 })])
})
