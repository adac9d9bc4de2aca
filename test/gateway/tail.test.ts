/** `GET /tail` over real sockets: what a reader is shown, what it is refused, and that nobody waits for it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { systemClock, type Clock } from '../../src/clock.ts'
import { Feeds } from '../../src/gateway/tail/feeds.ts'
import { createGateway, createKey, type GatewayApp, type GatewayOptions } from '../../src/gateway/index.ts'
import { defineVeltrix, event, veltrix } from '../../src/index.ts'
import { LogUnavailable, type Log } from '../../src/transport/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import { problemIn } from './running.ts'

const order = z.object({ orderId: z.string(), card: z.string().optional(), note: z.string().optional() })

const shop = defineVeltrix({
  app: 'shop',
  lanes: { critical: { weight: 4 }, bulk: { weight: 1 } },
  streams: {
    orders: {
      key: 'orderId',
      partitions: 1,
      events: {
        'order.placed': event(order, { lane: 'critical', secret: ['card'] }),
        'order.exported': event(order, { lane: 'bulk' }),
      },
    },
    visits: { key: 'orderId', partitions: 1, events: { 'page.viewed': event(order, { lane: 'bulk' }) } },
  },
})

async function running(options: GatewayOptions = {}, wrap: (log: Log) => Log = (log) => log) {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-tail-'))
  const app = veltrix(shop, { transport: embedded({ directory, durability: 'none' }) })
  const watched: GatewayApp = {
    config: app.config,
    open: async () => wrap(await app.open()),
    publish: (type, data, options) => app.publish(type, data, options as never),
    publishMany: (items) => app.publishMany(items),
  }
  const gateway = createGateway(watched, { port: 0, ...options })
  const url = await gateway.start()
  onTestFinished(async () => {
    await gateway.close()
    await app.stop()
    rmSync(directory, { recursive: true })
  })
  return { app, gateway, url }
}

interface Sent {
  readonly id?: string
  readonly event?: string
  readonly data?: any
  /** A comment. */
  readonly comment?: true
}

function parsed(block: string): Sent {
  if (block.startsWith(':')) return { comment: true }
  const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
  return { ...fields, data: JSON.parse(fields['data']!) }
}

/** Follows until the test is over; `next` skips comments. */
async function following(url: string, query = '', headers: Record<string, string> = {}) {
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  const response = await fetch(`${url}/tail${query}`, { signal: leave.signal, headers })
  expect(response.status).toBe(200)
  const blocks = blocksOf(response.body!)
  return {
    response,
    leave: () => leave.abort(),
    /** Undefined at the end. */
    async next(): Promise<Sent | undefined> {
      for await (const block of { [Symbol.asyncIterator]: () => ({ next: () => blocks.next() }) }) {
        const sent = parsed(block)
        if (!sent.comment) return sent
      }
      return undefined
    },
    block: async (): Promise<string | undefined> => (await blocks.next()).value as string | undefined,
  }
}

async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield text.slice(0, end)
      text = text.slice(end + 2)
    }
  }
}

test('new events as CloudEvents, with their position; none of before; what is secret is masked', async () => {
  const { app, url } = await running()
  await app.publish('order.placed', { orderId: 'before' })
  const { response, next } = await following(url)
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const options = { id: 'e-1', source: '/till/7', subject: 's', extensions: { tracestate: 'a=1' } }
  await app.publish('order.placed', { orderId: 'o-1', card: '4111', note: 'two\nlines' }, options)
  expect(await next()).toEqual({
    id: 'shop.orders.critical/0@1',
    event: 'order.placed',
    data: {
      specversion: '1.0',
      id: 'e-1',
      source: '/till/7',
      type: 'order.placed',
      time: expect.any(String),
      subject: 's',
      datacontenttype: 'application/json',
      partitionkey: 'o-1',
      tracestate: 'a=1',
      data: { orderId: 'o-1', card: '***', note: 'two\nlines' },
    },
  })
})

test('types by pattern and lanes are chosen; a parameter may be repeated', async () => {
  const { app, url } = await running()
  const some = await following(url, '?type=order.*&lane=bulk')
  const other = await following(url, '?type=page.viewed&type=order.placed')
  await app.publish('order.placed', { orderId: '1' })
  await app.publish('page.viewed', { orderId: '2' })
  await app.publish('order.exported', { orderId: '3' })
  await app.publish('order.placed', { orderId: '4' }, { lane: 'bulk' })
  const keyOf = (sent: Sent | undefined): string => sent!.data.data.orderId
  expect([keyOf(await some.next()), keyOf(await some.next())]).toEqual(['3', '4'])
  const seen = [keyOf(await other.next()), keyOf(await other.next()), keyOf(await other.next())]
  expect(seen.toSorted()).toEqual(['1', '2', '4'])
})

test.each([
  ['?type=order.plced', 400, 'event-type-unknown'],
  ['?type=or*er', 400, 'query-invalid'],
  ['?type=', 400, 'query-invalid'],
  ['?lane=urgent', 400, 'query-invalid'],
  ['?from=earliest', 400, 'query-invalid'],
])('%s is refused', async (query, status, name) => {
  const { url } = await running()
  const response = await fetch(`${url}/tail${query}`)
  expect([response.status, (await problemIn(response)).type]).toEqual([status, `urn:veltrix:problem:${name}`])
})

test('only as an event stream, and only by GET', async () => {
  const { url } = await running()
  const other = await fetch(`${url}/tail`, { headers: { accept: 'application/json' } })
  expect([other.status, (await problemIn(other)).type]).toEqual([406, 'urn:veltrix:problem:not-acceptable'])
  for (const method of ['HEAD', 'POST']) {
    const response = await fetch(`${url}/tail`, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
  }
})

test('as many readers as there is room for; who leaves makes room', async () => {
  const { url } = await running({ tail: { maxReaders: 2 } })
  const first = await following(url)
  await following(url)
  const third = await fetch(`${url}/tail`)
  expect([third.status, third.headers.get('retry-after')]).toEqual([503, '1'])
  first.leave()
  await expect.poll(async () => (await fetch(`${url}/tail`)).status, { timeout: 10_000 }).toBe(200)
})

test('a sign of life where nothing happens', async () => {
  const { url } = await running({ tail: { heartbeatMs: 5 } })
  const { block } = await following(url)
  expect([await block(), await block(), await block()]).toEqual([':', ':', ':'])
})

/** Asks for everything, and takes nothing but the beginning until `go`. */
async function slowReader(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let text = ''
  let look = (): void => undefined
  const until = (words: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (text.includes(words)) resolve()
      }
      look()
    })
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    look()
  })
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  socket.write('GET /tail HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(':\n\n')
  socket.pause()
  return { go: () => void socket.resume(), until, closed, text: () => text }
}

const note = 'x'.repeat(60_000)

test('a slow reader loses events and is told how many; publishers and other readers do not notice', async () => {
  const { app, url } = await running({ tail: { maxReaderBytes: 200_000 } })
  const slow = await slowReader(url)
  const quick = await following(url)
  // Much more than the system keeps for a connection.
  const count = 400
  for (let nth = 0; nth < count; nth++) {
    await app.publish('order.placed', { orderId: `o-${nth}`, note })
    expect((await quick.next())!.data.data.orderId).toBe(`o-${nth}`)
  }
  slow.go()
  // Once it has caught up it is told what it lost, and shown what comes.
  await slow.until('event: dropped')
  await app.publish('order.placed', { orderId: 'end' })
  await slow.until('"end"')
  const numbers = (pattern: RegExp): number[] => [...slow.text().matchAll(pattern)].map((match) => Number(match[1]))
  const shown = numbers(/^id: shop\.orders\.critical\/0@(\d+)$/gm)
  const lost = numbers(/^event: dropped\ndata: \{"count":(\d+)\}$/gm)
  expect(shown).toEqual(shown.toSorted((a, b) => a - b))
  expect(shown.at(-1)).toBe(count)
  expect(shown.length + lost.reduce((sum, each) => sum + each, 0)).toBe(count + 1)
}, 60_000)

/** Timers fire when they are told to. */
function heldClock() {
  const timers = new Set<() => void>()
  const clock: Clock = {
    ...systemClock,
    setTimer: (_delayMs, fire) => {
      timers.add(fire)
      return { cancel: () => void timers.delete(fire) }
    },
  }
  const fire = (): void => {
    for (const each of [...timers]) if (timers.delete(each)) each()
  }
  return { clock, fire }
}

test('the end of the gateway is the end of every reader', async () => {
  const { gateway, url } = await running({ clock: heldClock().clock })
  const readers = [await following(url), await following(url, '?lane=bulk')]
  const ends = readers.map(({ next }) => next())
  await gateway.close()
  expect(await Promise.all(ends)).toEqual([undefined, undefined])
  await expect(fetch(`${url}/tail`)).rejects.toThrow('fetch failed')
})

test('one that takes nothing is cut off then', async () => {
  const { clock, fire } = heldClock()
  const { app, gateway, url } = await running({ clock })
  await slowReader(url)
  const quick = await following(url)
  for (let nth = 0; nth < 400; nth++) {
    await app.publish('order.placed', { orderId: `o-${nth}`, note })
    await quick.next()
  }
  const end = quick.next()
  let isClosed = false
  const closed = gateway.close().then(() => (isClosed = true))
  expect(await end).toBeUndefined()
  expect(isClosed).toBe(false)
  fire()
  await closed
}, 60_000)

test('a topic is read once for all its readers, and no longer than there is one', async () => {
  const open = new Map<string, number>()
  const { url } = await running({}, (log) => ({
    ...bound(log),
    async read(from) {
      open.set(from.topic, (open.get(from.topic) ?? 0) + 1)
      try {
        return await log.read(from)
      } finally {
        open.set(from.topic, open.get(from.topic)! - 1)
      }
    },
  }))
  const readers = [await following(url, '?lane=critical&type=order.*'), await following(url, '?lane=critical')]
  const reading = (): unknown => Object.fromEntries([...open].filter(([, count]) => count > 0))
  await expect.poll(reading).toEqual({ 'shop.orders.critical': 1, 'shop.visits.critical': 1 })
  readers[1]!.leave()
  await expect.poll(reading, { timeout: 10_000 }).toEqual({ 'shop.orders.critical': 1 })
  readers[0]!.leave()
  await expect.poll(reading, { timeout: 10_000 }).toEqual({})
})

function bound(log: Log): Log {
  return {
    features: log.features,
    admin: log.admin,
    append: (...given) => log.append(...given),
    consume: (options) => log.consume(options),
    read: (from) => log.read(from),
    close: () => log.close(),
  }
}

test('a log that cannot be read ends the answer with a problem; who asks again is answered anew', async () => {
  let isDown = false
  const { app, url } = await running({}, (log) => ({
    ...bound(log),
    read: (from) => (isDown ? Promise.reject(new LogUnavailable('away')) : log.read(from)),
  }))
  const { next } = await following(url, '?lane=critical')
  isDown = true
  await app.publish('order.placed', { orderId: '1' })
  let sent = await next()
  if (sent!.event === 'order.placed') sent = await next()
  expect(sent).toMatchObject({ event: 'failed', data: { type: 'urn:veltrix:problem:unavailable', status: 503 } })
  expect(await next()).toBeUndefined()
  isDown = false
  const again = await following(url, '?lane=critical')
  await app.publish('order.placed', { orderId: '2' })
  expect((await again.next())!.data.data).toEqual({ orderId: '2' })
})

test('a log that cannot be opened is 503', async () => {
  let isDown = false
  const { url } = await running({}, (log) => {
    if (isDown) throw new LogUnavailable('away')
    return log
  })
  isDown = true
  const refused = await fetch(`${url}/tail`)
  expect([refused.status, (await problemIn(refused)).type]).toEqual([503, 'urn:veltrix:problem:unavailable'])
  isDown = false
  expect((await fetch(`${url}/tail`)).status).toBe(200)
})

test('who joins after a failure is not given what has failed', async () => {
  const { app } = await running()
  let isDown = true
  const open = async (): Promise<Log> => {
    if (isDown) throw new LogUnavailable('away')
    return app.open()
  }
  const feeds = new Feeds({ open, config: app.config, clock: systemClock })
  const place = { topic: 'shop.orders.critical', stream: 'orders', lane: 'critical' }
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const follower = { isWanted: undefined, mayRead: undefined, offer: resolve, failed: () => undefined }
  // It does not even leave.
  await expect(feeds.join([place], { ...follower })).rejects.toThrow('away')
  isDown = false
  await feeds.join([place], follower)
  await app.publish('order.placed', { orderId: '1' })
  expect((await promise).toString()).toContain('event: order.placed')
  feeds.leave(follower)
})

test('a record that is no event is told as one that cannot be read, to those who want all', async () => {
  const { app, url } = await running()
  const all = await following(url)
  const some = await following(url, '?type=*')
  const log = await app.open()
  const record = { topic: 'shop.orders.critical', partition: 0, key: null, headers: [], timestamp: 0 }
  await log.append([{ ...record, value: Buffer.from('nonsense') }])
  await app.publish('order.placed', { orderId: '1' })
  expect(await all.next()).toEqual({
    event: 'unreadable',
    data: {
      topic: 'shop.orders.critical',
      partition: 0,
      offset: 0,
      problem: expect.stringContaining('no ce_ headers'),
    },
  })
  expect((await some.next())!.event).toBe('order.placed')
})

test('a follower is offered what it may read, and nothing that has no type to judge by', async () => {
  const { app } = await running()
  const feeds = new Feeds({ open: () => app.open(), config: app.config, clock: systemClock })
  const offered: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const follower = {
    isWanted: undefined,
    mayRead: (type: string, source: string) => type === 'order.placed' && source !== '/secret',
    offer: (bytes: Buffer) => {
      offered.push(/"orderId":"(.)"/.exec(bytes.toString())?.[1] ?? 'none')
      if (offered.at(-1) === '4') resolve()
    },
    failed: (error: unknown) => expect.fail(String(error)),
  }
  await feeds.join([{ topic: 'shop.orders.critical', stream: 'orders', lane: 'critical' }], follower)
  await app.publish('order.placed', { orderId: '1' })
  await app.publish('order.placed', { orderId: '2' }, { source: '/secret' })
  await app.publish('order.exported', { orderId: '3' }, { lane: 'critical' })
  const log = await app.open()
  const record = { topic: 'shop.orders.critical', partition: 0, key: null, headers: [], timestamp: 0 }
  await log.append([{ ...record, value: Buffer.from('nonsense') }])
  await app.publish('order.placed', { orderId: '4' })
  await promise
  feeds.leave(follower)
  expect(offered).toEqual(['1', '4'])
})

test('with access, a reader sees what its rights name, and others see nothing', async () => {
  const [viewer, writer] = [createKey('viewer'), createKey('writer')]
  const { app, url } = await running({
    access: {
      keys: {
        viewer: {
          hash: viewer.hash,
          rights: [{ verbs: ['tail'], types: ['order.placed'], sources: ['/till/*'] }],
        },
        writer: { hash: writer.hash, rights: [{ verbs: ['publish'], types: ['*'], sources: ['*'] }] },
      },
    },
  })
  const statusFor = async (headers: Record<string, string>, query = ''): Promise<number> =>
    (await fetch(`${url}/tail${query}`, { headers })).status
  expect(await statusFor({})).toBe(401)
  expect(await statusFor({ 'x-api-key': writer.key })).toBe(403)
  const asViewer = { 'x-api-key': viewer.key }
  // That there is such a type, and that there is none, is the same answer to who may not see it.
  expect([await statusFor(asViewer, '?type=page.viewed'), await statusFor(asViewer, '?type=page.none')]).toEqual([
    403, 403,
  ])
  const { next } = await following(url, '', asViewer)
  await app.publish('order.exported', { orderId: 'other type' }, { source: '/till/7' })
  await app.publish('order.placed', { orderId: 'other source' }, { source: '/desk' })
  await app.publish('order.placed', { orderId: 'right' }, { source: '/till/7' })
  expect((await next())?.data).toMatchObject({ data: { orderId: 'right' } })
})
