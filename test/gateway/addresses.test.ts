/** From which address a request comes: what a trusted proxy says of its own, and never what a client made up. */
import { request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { Addresses } from '../../src/gateway/addresses.ts'
import { GatewayOptionInvalid } from '../../src/gateway/index.ts'
import { Haproxy, missingHaproxy } from '../support/haproxy.ts'
import { requirePart } from '../support/parts.ts'
import { running } from './running.ts'

const addressOf = (peer: string, forwarded: string | undefined, ...trusted: string[]): string =>
  new Addresses(trusted).of({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwarded } } as never)

test.each<[what: string, peer: string, forwarded: string | undefined, trusted: string[], address: string]>([
  ['nobody is trusted', '127.0.0.1', '9.9.9.9', [], '127.0.0.1'],
  ['a stranger says so', '8.8.8.8', '9.9.9.9', ['127.0.0.1'], '8.8.8.8'],
  ['a proxy says so', '127.0.0.1', '9.9.9.9', ['127.0.0.1'], '9.9.9.9'],
  ['a proxy says nothing', '127.0.0.1', undefined, ['127.0.0.1'], '127.0.0.1'],
  ['a client made up what stands before', '10.0.0.7', '1.1.1.1, 9.9.9.9', ['10.0.0.0/24'], '9.9.9.9'],
  ['there are two proxies', '10.0.0.7', '1.1.1.1, 9.9.9.9, 10.0.0.8', ['10.0.0.0/24'], '9.9.9.9'],
  ['all of them are proxies', '10.0.0.7', '10.0.0.9, 10.0.0.8', ['10.0.0.0/24'], '10.0.0.9'],
  ['what it says is no address', '127.0.0.1', '9.9.9.9, key:till', ['127.0.0.1'], '127.0.0.1'],
  ['it says nothing between commas', '127.0.0.1', '9.9.9.9,,', ['127.0.0.1'], '127.0.0.1'],
  ['it is IPv6', '::1', '2001:db8::7', ['::1'], '2001:db8::7'],
  ['IPv4 comes as IPv6', '::ffff:10.0.0.7', '9.9.9.9', ['10.0.0.0/24'], '9.9.9.9'],
])('where %s', (_, peer, forwarded, trusted, address) => {
  expect(addressOf(peer, forwarded, ...trusted)).toBe(address)
})

test.each(['', 'proxy', '10.0.0.0/33', '0.0.0.0/0', '10.0.0.1:80'])('%j is no proxy', (proxy) => {
  expect(() => new Addresses([proxy])).toThrow(GatewayOptionInvalid)
})

/** One event of the lane a minute and address. */
const rateLimits = { critical: { eventsPerSecond: 1 / 60, burst: 1 } }

async function statusFrom(url: string, forwarded: string): Promise<number> {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': forwarded }
  return (await fetch(`${url}/events/order.placed`, { method: 'POST', headers, body: '{"orderId":"o-1"}' })).status
}

test('rates are by the address that a trusted proxy tells', async () => {
  const { url } = await running({ rateLimits, trustedProxies: ['127.0.0.1'] })
  const from: number[] = []
  for (const address of ['9.9.9.1', '9.9.9.2', '9.9.9.1', '8.8.8.8, 9.9.9.2']) from.push(await statusFrom(url, address))
  expect(from).toEqual([202, 202, 429, 429])
})

test('a forged header gives nobody rates of its own', async () => {
  const { url } = await running({ rateLimits })
  expect(await statusFrom(url, '9.9.9.1')).toBe(202)
  expect(await statusFrom(url, '9.9.9.2')).toBe(429)
})

test('through HAProxy each client has the rate of its own address, whatever it says', async (context) => {
  await requirePart(context, 'haproxy', missingHaproxy)
  const { url } = await running({ rateLimits, trustedProxies: ['127.0.0.1'] })
  const haproxy = await Haproxy.start(['--gateway', new URL(url).host])
  onTestFinished(() => haproxy.stop())
  const statusOf = (localAddress: string, forged: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': forged }
      const options = { host: '127.0.0.1', port: haproxy.port, path: '/events/order.placed', method: 'POST' }
      const sent = request({ ...options, headers, localAddress, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      sent.on('error', reject).end('{"orderId":"o-1"}')
    })
  expect(await statusOf('127.0.0.1', '9.9.9.1')).toBe(202)
  expect(await statusOf('127.0.0.1', '9.9.9.2')).toBe(429)
  // Linux has all of 127.0.0.0/8.
  if (process.platform === 'linux') expect(await statusOf('127.0.0.2', '9.9.9.1')).toBe(202)
})
