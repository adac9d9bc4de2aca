/**
 * A gateway on real brokers that stop answering: who publishes hears so at once, and nothing that was accepted is lost.
 * @module
 */
import { expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { kafka } from '../../src/transport/kafka/index.ts'
import { KafkaCluster, missingKafka } from '../support/kafka-cluster.ts'
import { requirePart } from '../support/parts.ts'
import { binary, problemIn, shop, storedOn } from './running.ts'

test('while brokers do not answer events are 503 at once, and are taken again afterwards', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const cluster = await KafkaCluster.start()
  const app = veltrix(shop, { transport: kafka({ brokers: cluster.brokers }) })
  const gateway = createGateway(app, { port: 0, logStallMs: 1_000 })
  onTestFinished(async () => {
    await gateway.close()
    await app.stop()
    await cluster.stop()
  })
  const url = await gateway.start()
  const accepted: string[] = []
  const post = async (id: string): Promise<Response> => {
    const response = await fetch(`${url}/events`, { method: 'POST', headers: binary(id), body: `{"orderId":"${id}"}` })
    if (response.status === 202) accepted.push(id)
    return response
  }
  const log = async (): Promise<unknown> => ((await (await fetch(`${url}/readyz`)).json()) as { log: unknown }).log
  const ids = async (): Promise<unknown> =>
    ((await (await fetch(`${url}/readyz`)).json()) as { ids: { state: unknown } }).ids.state
  expect((await post('before')).status).toBe(202)

  const brokers = cluster.brokers.map((_, index) => index + 1)
  await Promise.all(brokers.map((id) => cluster.pause(id)))
  const underWay = post('under way')
  await expect.poll(log, { timeout: 60_000 }).toBe('unavailable')
  // One of two at once may be let through to see whether the log is back.
  const refused = await Promise.race([post('refused 1'), post('refused 2')])
  expect([refused.status, (await problemIn(refused)).type]).toEqual([503, 'urn:veltrix:problem:unavailable'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)

  // Nobody knows what others store meanwhile.
  await expect.poll(ids, { timeout: 60_000 }).toBe('failing')
  await Promise.all(brokers.map((id) => cluster.resume(id)))
  // It was on its way all the time: taken, or nobody knows.
  expect([202, 503]).toContain((await underWay).status)
  let nth = 0
  await expect.poll(async () => (await post(`after ${nth++}`)).status, { timeout: 60_000 }).toBe(202)
  await expect.poll(ids, { timeout: 60_000 }).toBe('ok')
  expect((await post('before')).headers.get('idempotency-replayed')).toBe('true')
  const stored = new Set((await storedOn(app)).map(({ attributes }) => attributes['ce_id']))
  expect(accepted.filter((id) => !stored.has(id))).toEqual([])
}, 240_000)
