/** Who sends slowly, or not what he began, is cut off; everybody else is answered meanwhile. */
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { binary, running } from './running.ts'

const head = 'POST /events HTTP/1.1\r\nhost: localhost\r\n'
const good = '{"orderId":"o-1"}'

interface Slow {
  readonly connected: Promise<void>
  /** All that came back until it was closed. */
  readonly ended: Promise<string>
  readonly socket: Socket
}

function slow(url: string, begun: string): Slow {
  const connected = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  // Half-open: only the gateway can end it.
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  let answer = ''
  socket.on('connect', () => {
    socket.write(begun)
    connected.resolve()
  })
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  socket.on('error', () => {})
  socket.on('end', () => ended.resolve(answer))
  socket.on('close', () => ended.resolve(answer))
  onTestFinished(() => void socket.destroy())
  return { connected: connected.promise, ended: ended.promise, socket }
}

/** Of this process: both ends of each connection, as long as they are open. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
}

test('500 slow sockets, in headers and in bodies, are 408 and closed; others are answered meanwhile', async () => {
  const { post, stored, url } = await running({ headersTimeoutMs: 1_500, requestTimeoutMs: 2_000 })
  const beginnings = [
    `${head}x: `,
    `${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"orderId"`,
    `${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"ord`,
  ]
  const all = Array.from({ length: 500 }, (_, nth) => slow(url, beginnings[nth % beginnings.length]!))
  await Promise.all(all.map(({ connected }) => connected))
  const others = await Promise.all(Array.from({ length: 20 }, (_, nth) => post('/events', binary(`o-${nth}`), good)))
  expect(others.map(({ status }) => status)).toEqual(others.map(() => 202))
  for (const answer of await Promise.all(all.map(({ ended }) => ended))) {
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('urn:veltrix:problem:request-timeout')
    expect(answer.toLowerCase()).toContain('connection: close')
  }
  // The clients have closed nothing: what is gone are the gateway's ends.
  await expect.poll(sockets).toBeLessThan(all.length + 100)
  expect(await stored()).toHaveLength(20)
})

test('a body that was refused early may go on until its time is over, and gets no second answer', async () => {
  const { url } = await running({ requestTimeoutMs: 1_000 })
  const encoded = slow(
    url,
    `${head}content-type: application/json\r\ncontent-encoding: weird\r\ncontent-length: 9\r\n\r\n{`,
  )
  const answer = await encoded.ended
  expect(answer).toMatch(/^HTTP\/1\.1 415 /)
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('garbage behind a request that is being stored is not answered: it would be taken for the answer to that', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let arrived = 0
  const { stored, url } = await running({}, (app) => ({
    config: app.config,
    open: () => app.open(),
    publish: (type, data, options) => {
      arrived++
      return promise.then(() => app.publish(type, data, options))
    },
    publishMany: (items) => app.publishMany(items),
  }))
  const attributes = Object.entries(binary('a')).map(([name, value]) => `${name}: ${value}\r\n`)
  const client = slow(url, `${head}${attributes.join('')}content-length: ${good.length}\r\n\r\n${good}`)
  await expect.poll(() => arrived).toBe(1)
  client.socket.write('garbage\r\n\r\n')
  expect(await client.ended).toBe('')
  resolve()
  await expect.poll(stored).toHaveLength(1)
})

test('closing does not wait longer for a request than it may take', async () => {
  const { gateway, post, url } = await running({ requestTimeoutMs: 300 })
  const clients = [
    slow(url, `${head}x: `),
    slow(url, `${head}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`),
  ]
  await Promise.all(clients.map(({ connected }) => connected))
  expect((await post('/events', binary('a'), good)).status).toBe(202)
  await gateway.close()
  for (const { ended } of clients) expect(await ended).toMatch(/^$|^HTTP\/1\.1 408 /)
})

test('connections over their limit are closed as they come, and taken again when others went', async () => {
  const { url } = await running({ maxConnections: 2 })
  const two = [slow(url, ''), slow(url, '')]
  await Promise.all(two.map(({ connected }) => connected))
  expect(await slow(url, 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n').ended).toBe('')
  for (const { socket } of two) socket.destroy()
  const ask = (): Promise<string> =>
    slow(url, 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n').ended
  await expect.poll(ask).toMatch(/^HTTP\/1\.1 200 /)
})
