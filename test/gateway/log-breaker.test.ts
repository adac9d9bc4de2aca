/** While the log does not answer, new events are refused at once; one at a time finds out when that is over. */
import { expect, test } from 'vitest'
import type { GatewayApp } from '../../src/gateway/index.ts'
import { fateOf, LogBreaker, type Fate } from '../../src/gateway/log-breaker.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { IdConflict, LogUnavailable } from '../../src/transport/index.ts'
import { binary, problemIn, running, structured } from './running.ts'

function breaker(): { clock: VirtualClock; log: LogBreaker } {
  const clock = new VirtualClock({ turns: 0 })
  return { clock, log: new LogBreaker({ clock, stallMs: 2_000, probeIntervalMs: 1_000 }) }
}

test('a log that answers never opens it, however many events there are and however long some take', async () => {
  const { clock, log } = breaker()
  const old = log.enter()!
  for (let nth = 0; nth < 100; nth++) {
    const said = log.enter()!
    await clock.advance(1_999)
    said('answered')
    expect(log.isOpen).toBe(false)
  }
  old('answered')
  await clock.advance(60_000)
  expect(log.isOpen).toBe(false)
})

test('silence with something on its way opens it; the first answer closes it', async () => {
  const { clock, log } = breaker()
  const waiting = [log.enter()!, log.enter()!]
  await clock.advance(1_999)
  expect(log.isOpen).toBe(false)
  await clock.advance(1)
  expect([log.isOpen, log.retryAfterMs, log.enter()]).toEqual([true, 1_000, undefined])
  waiting[0]!('answered')
  expect([log.isOpen, log.retryAfterMs]).toEqual([false, 0])
})

test('a failure opens it, unless another publish was answered since it began', () => {
  const { log } = breaker()
  const [failing, fine] = [log.enter()!, log.enter()!]
  fine('answered')
  failing('unreachable')
  expect(log.isOpen).toBe(false)
  log.enter()!('not-asked')
  expect(log.isOpen).toBe(false)
  log.enter()!('unreachable')
  expect(log.isOpen).toBe(true)
})

test('while it is open one probe at a time is let through, each some time after the last one failed', async () => {
  const { clock, log } = breaker()
  log.enter()!('unreachable')
  await clock.advance(999)
  expect(log.enter()).toBeUndefined()
  await clock.advance(1)
  const probe = log.enter()!
  await clock.advance(5_000)
  expect(log.enter()).toBeUndefined()
  probe('unreachable')
  expect([log.enter(), log.retryAfterMs]).toEqual([undefined, 1_000])
  await clock.advance(1_000)
  const next = log.enter()!
  expect(log.enter()).toBeUndefined()
  next('answered')
  expect([log.isOpen, log.enter()]).toEqual([false, expect.any(Function)])
})

test('a probe that never reached the log leaves its turn to the next event', async () => {
  const { clock, log } = breaker()
  log.enter()!('unreachable')
  await clock.advance(1_000)
  log.enter()!('not-asked')
  expect(log.enter()).toEqual(expect.any(Function))
})

test.each<[unknown, Fate]>([
  [new LogUnavailable('gone'), 'unreachable'],
  [new IdConflict('a', 1), 'answered'],
  [new Error('a bug'), 'not-asked'],
  [undefined, 'not-asked'],
])('what an error says of the log: %s', (error, fate) => {
  expect(fateOf(error)).toBe(fate)
})

/** An app whose publishes are answered by hand, in turn. */
function byHand(): { wrap: (app: GatewayApp) => GatewayApp; calls: PromiseWithResolvers<void>[] } {
  const calls: PromiseWithResolvers<void>[] = []
  const wait = (): Promise<void> => {
    const call = Promise.withResolvers<void>()
    calls.push(call)
    return call.promise
  }
  return {
    calls,
    wrap: (app) => ({
      config: app.config,
      open: () => app.open(),
      publish: (type, data, options) => wait().then(() => app.publish(type, data, options)),
      publishMany: (items) => wait().then(() => app.publishMany(items)),
    }),
  }
}

test('an outage: what waits waits, the rest is 503 at once with Retry-After, and it ends by a probe', async () => {
  const clock = new VirtualClock()
  const { wrap, calls } = byHand()
  const { post, stored, url } = await running({ clock, logStallMs: 2_000 }, wrap)
  const send = (id: string): Promise<Response> => post('/events', binary(id), '{"orderId":"o"}')
  const waiting = [send('a'), send('b')]
  await expect.poll(() => calls.length).toBe(2)
  await clock.advance(2_000)
  for (let nth = 0; nth < 20; nth++) {
    const refused = await send(`r-${nth}`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect((await problemIn(refused)).type).toBe('urn:veltrix:problem:unavailable')
  }
  const batch = await post(
    '/events',
    { 'content-type': 'application/cloudevents-batch+json' },
    JSON.stringify([structured('s')]),
  )
  expect([batch.status, batch.headers.get('retry-after')]).toEqual([207, '1'])
  expect(await batch.json()).toMatchObject({ refused: 1, results: [{ status: 503 }] })
  expect(calls).toHaveLength(2)
  // The balancer goes on sending: the others have no better log, and nothing else would probe.
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', log: 'unavailable' }])
  for (const call of calls) call.reject(new LogUnavailable('gone'))
  for (const each of await Promise.all(waiting)) expect(each.status).toBe(503)
  expect((await send('early')).status).toBe(503)
  await clock.advance(1_000)
  const probe = send('probe')
  await expect.poll(() => calls.length).toBe(3)
  expect((await send('beside')).status).toBe(503)
  calls[2]!.resolve()
  expect((await probe).status).toBe(202)
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ok', log: 'ok' })
  const after = send('after')
  await expect.poll(() => calls.length).toBe(4)
  calls[3]!.resolve()
  expect((await after).status).toBe(202)
  expect(await stored()).toHaveLength(2)
})

test('a batch of which one event was stored shows that the log answers', async () => {
  const { post } = await running({}, (app) => ({
    config: app.config,
    open: () => app.open(),
    publish: (type, data, options) => app.publish(type, data, options),
    publishMany: async (items) => {
      const [first, ...rest] = await app.publishMany(items)
      return [first!, ...rest.map(() => ({ ok: false as const, error: new LogUnavailable('gone') }))]
    },
  }))
  const both = JSON.stringify([structured('a'), structured('b')])
  const answer = await post('/events', { 'content-type': 'application/cloudevents-batch+json' }, both)
  expect(await answer.json()).toMatchObject({ results: [{ status: 202 }, { status: 503 }] })
  expect((await post('/events', binary('c'), '{"orderId":"o"}')).status).toBe(202)
})
