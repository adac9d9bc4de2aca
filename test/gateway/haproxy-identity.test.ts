/** What a gateway hears through HAProxy about who calls: from HAProxy, never from a client. And what HAProxy answers by itself. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { problemTypes } from '../../src/gateway/index.ts'
import { Authority, missingOpenssl, type Certificate } from '../support/certificates.ts'
import { Haproxy, missingHaproxy, quietPorts } from '../support/haproxy.ts'
import { requirePart } from '../support/parts.ts'
import { binary, problemIn, running } from './running.ts'

/** Stands where a gateway would, and answers with the headers it was sent. */
async function echo(): Promise<string> {
  const server = createServer((incoming, answer) => answer.end(JSON.stringify(incoming.headers)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function haproxy(context: TestContext, ...flags: readonly string[]): Promise<Haproxy> {
  await requirePart(context, 'haproxy', missingHaproxy)
  const started = await Haproxy.start(flags)
  onTestFinished(() => started.stop())
  return started
}

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vlx-haproxy-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const forged = {
  'X-SSL-Client-Verify': '0',
  'X-SSL-Client-CN': 'till-1',
  'x-ssl-client-dn': 'CN=till-1',
  'X-SSL-CLIENT-SHA1': 'AA',
  'X-Forwarded-For': '10.0.0.1',
  'X-Forwarded-Host': 'elsewhere',
  Forwarded: 'for=10.0.0.1',
}

/** Headers that say who calls. */
function identity(headers: IncomingHttpHeaders): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^(?:x-|forwarded)/.test(name)))
}

test('what a client says about who it is does not get through', async (context) => {
  const { port } = await haproxy(context, '--gateway', await echo())
  const answer = await fetch(`http://127.0.0.1:${port}/events`, { method: 'POST', headers: forged })
  const headers = (await answer.json()) as IncomingHttpHeaders
  expect(identity(headers)).toEqual({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' })
  expect(headers.host).toBe(`127.0.0.1:${port}`)
  const underscores = await fetch(`http://127.0.0.1:${port}/events`, { headers: { X_SSL_Client_CN: 'till-1' } })
  expect([underscores.status, (await problemIn(underscores)).type]).toEqual([
    403,
    'urn:veltrix:problem:request-malformed',
  ])
})

test('a plain event without an id gets one, so that it can be sent to another gateway', async (context) => {
  const { port } = await haproxy(context, '--gateway', await echo())
  const key = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers })
    return ((await answer.json()) as Record<string, string>)['idempotency-key']
  }
  const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  expect(await key('/events/order.placed')).toMatch(uuid)
  expect(await key('/%65vents/order.placed')).toMatch(uuid)
  expect(await key('/events/order.placed', { 'Idempotency-Key': 'k-1' })).toBe('k-1')
  expect(await key('/events')).toBeUndefined()
})

interface Tls {
  readonly port: number
  readonly authority: Authority
  /** The headers that came through, or what the connection failed with. */
  readonly call: (client?: Certificate) => Promise<IncomingHttpHeaders | string>
}

async function tls(context: TestContext, ...flags: readonly string[]): Promise<Tls> {
  await requirePart(context, 'openssl', missingOpenssl)
  const authority = await Authority.make(freshDirectory())
  const { keystore } = await authority.sign('/CN=events', 'DNS:localhost')
  const ca = ['--tls', keystore, '--client-ca', authority.truststore]
  const { port } = await haproxy(context, '--gateway', await echo(), ...ca, ...flags)
  const call: Tls['call'] = (client) =>
    new Promise((resolve) => {
      const pair = client === undefined ? {} : { cert: client.cert, key: client.key }
      const options = { host: '127.0.0.1', port, servername: 'localhost', ca: authority.cert, agent: false, ...pair }
      const sent = request({ ...options, path: '/events', headers: forged }, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve(JSON.parse(body) as IncomingHttpHeaders))
      })
      sent.on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message))
      sent.end()
    })
  return { port, authority, call }
}

const proxied = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' }

test('a certificate of a client is told to the gateway; without a good one there is no connection', async (context) => {
  const { authority, call } = await tls(context)
  const till = await authority.sign('/O=Shop \\/ Süd/CN=till-7', 'DNS:till-7')
  const headers = await call(till)
  expect(identity(headers as IncomingHttpHeaders)).toEqual({
    ...proxied,
    'x-ssl-client-verify': '0',
    'x-ssl-client-dn': expect.stringMatching(/^CN=till-7,O=Shop/),
    'x-ssl-client-cn': 'till-7',
    'x-ssl-client-sha1': expect.stringMatching(/^[0-9A-F]{40}$/),
  })
  // A line break would begin a header of its own.
  const injected = (await call(await authority.sign('/CN=till-7\nx-ssl-client-cn: till-1', 'DNS:till-7'))) as object
  expect(injected).toMatchObject({ type: 'urn:veltrix:problem:request-malformed', status: 403 })
  const stranger = await Authority.make(freshDirectory())
  for (const bad of [
    undefined,
    await stranger.sign('/CN=till-7', 'DNS:till-7'),
    await authority.sign('/CN=till-7', 'DNS:x', { expired: true }),
  ])
    expect(await call(bad)).toEqual(expect.stringMatching(/^(?:ERR_SSL|ECONNRESET|EPIPE)/))
})

test('where certificates are optional, one without is told apart, and a bad one is none', async (context) => {
  const { authority, call } = await tls(context, '--client-verify', 'optional')
  expect(identity((await call()) as IncomingHttpHeaders)).toEqual(proxied)
  const good = await call(await authority.sign('/CN=till-7', 'DNS:till-7'))
  expect(identity(good as IncomingHttpHeaders)).toMatchObject({
    'x-ssl-client-verify': '0',
    'x-ssl-client-cn': 'till-7',
  })
  const stranger = await Authority.make(freshDirectory())
  expect(typeof (await call(await stranger.sign('/CN=till-7', 'DNS:till-7')))).toBe('string')
})

test('headers over 16 KiB are refused by the gateway, with a problem', async (context) => {
  const gateway = await running()
  const { port } = await haproxy(context, '--gateway', new URL(gateway.url).host)
  const post = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/events`, { method: 'POST', headers, body: '{"orderId":"o-1"}' })
  expect((await post(binary('a'))).status).toBe(202)
  const large = await post(binary('b', { 'x-large': 'x'.repeat(17 * 1024) }))
  expect([large.status, (await problemIn(large)).type]).toEqual([431, 'urn:veltrix:problem:headers-too-large'])
})

test('a gateway that is for its own machine is not opened to others by a Host that says so', async (context) => {
  await requirePart(context, 'haproxy', missingHaproxy)
  const gateway = await running()
  const open = await Haproxy.start(['--gateway', new URL(gateway.url).host], '0.0.0.0')
  onTestFinished(() => open.stop())
  const refused = await fetch(`http://127.0.0.1:${open.port}/events`, {
    method: 'POST',
    headers: binary('a'),
    body: '{"orderId":"o-1"}',
  })
  expect([refused.status, (await problemIn(refused)).type]).toEqual([403, 'urn:veltrix:problem:host-refused'])
  expect(await gateway.stored()).toEqual([])
})

test('HAProxy answers as a gateway does when there is none, and refuses what is no HTTP', async (context) => {
  const [nobody] = await quietPorts(1)
  const { port } = await haproxy(context, '--gateway', `127.0.0.1:${nobody}`)
  const answer = await fetch(`http://127.0.0.1:${port}/events`, { method: 'POST' })
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('retry-after')]).toEqual([
    503,
    'application/problem+json',
    '1',
  ])
  expect(await answer.json()).toEqual({
    type: 'urn:veltrix:problem:overloaded',
    title: problemTypes.overloaded.title,
    status: 503,
    detail: expect.any(String),
  })
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nA : b\r\n\r\n'))
  let said = ''
  for await (const chunk of socket) said += String(chunk)
  expect(said).toMatch(/^HTTP\/1.1 400 /)
})

test('statistics and metrics are where they were asked for, and nowhere else', async (context) => {
  const [statsPort] = await quietPorts(1)
  const { port } = await haproxy(context, '--gateway', await echo(), '--stats', `127.0.0.1:${statsPort}`)
  const metrics = await fetch(`http://127.0.0.1:${statsPort}/metrics`)
  expect(await metrics.text()).toContain('haproxy_server_status{proxy="gateways",server="gateway1"')
  expect(await (await fetch(`http://127.0.0.1:${statsPort}/`)).text()).toContain('gateway1')
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).not.toContain('haproxy_')
})

test('a body that comes slowly waits at HAProxy, and no gateway is kept busy by it', async (context) => {
  const heard: string[] = []
  const server = createServer((incoming, answer) => {
    heard.push(incoming.url!)
    incoming.resume().on('end', () => answer.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = await haproxy(context, '--gateway', `127.0.0.1:${(server.address() as AddressInfo).port}`)
  const slow = connect(port, '127.0.0.1')
  let said = ''
  slow.on('data', (chunk: Buffer) => (said += chunk.toString()))
  slow.write('POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n0123456789')
  // What is sent later on another connection, and answered, is seen first.
  for (let nth = 0; nth < 20; nth++) await (await fetch(`http://127.0.0.1:${port}/quick`)).text()
  expect(heard.filter((url) => url !== '/readyz' && url !== '/quick')).toEqual([])
  slow.end('0123456789')
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/^HTTP\/1.1 200 /)
  expect(heard).toContain('/slow')
})
