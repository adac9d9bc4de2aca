/** Client certificates as a proxy in front tells of them: believed from known addresses only. */
import { expect, test } from 'vitest'
import { createKey } from '../../src/gateway/index.ts'
import { binary, running } from './running.ts'

const good = '{"orderId":"o-1"}'
const rights = [{ verbs: ['publish'], types: ['order.placed'], sources: ['*'] }] as const
const key = createKey('other')

function behind(...trustedProxies: string[]) {
  const clients = {
    till: { subject: 'CN=till-7,O=Acme', rights },
    web: { san: 'DNS:web.acme.example', rights: [{ ...rights[0], types: ['order.exported'] }] },
  }
  const keys = { other: { hash: key.hash, rights: [{ verbs: ['read-types'], types: '*' as never }] as const } }
  return running({ host: '0.0.0.0', access: { keys, certificates: { trustedProxies, clients } } })
}

const verified = { 'x-ssl-client-verify': '0', 'x-ssl-client-dn': 'CN=till-7,O=Acme' }

test.each([['127.0.0.1'], ['127.0.0.0/8'], ['10.0.0.0/8', '127.0.0.1/32']])('from the proxy %s', async (...proxies) => {
  const { post } = await behind(...proxies)
  expect((await post('/events', binary('a', verified), good)).status).toBe(202)
  expect(
    (await post('/events', binary('b', { ...verified, 'x-ssl-client-dn': '"CN=till-7,O=Acme"' }), good)).status,
  ).toBe(202)
})

test('by an address of IPv4 that comes as one of IPv6', async () => {
  const { certificates } = {
    certificates: { trustedProxies: ['127.0.0.1'], clients: { till: { subject: 'CN=till-7,O=Acme', rights } } },
  }
  const { url } = await running({ host: '::', access: { certificates } })
  const { port } = new URL(url)
  const init = { method: 'POST', headers: binary('a', verified), body: good }
  expect((await fetch(`http://127.0.0.1:${port}/events`, init)).status).toBe(202)
  expect((await fetch(`http://[::1]:${port}/events`, init)).status).toBe(401)
})

test.each([['10.0.0.0/8'], ['127.0.0.2'], ['::1', 'fd00::/8']])(
  'headers from anybody else are forged: only %s is believed',
  async (...proxies) => {
    const { post, stored, url } = await behind(...proxies)
    const hints: readonly Record<string, string>[] = [
      {},
      { 'x-forwarded-for': '10.0.0.7' },
      { forwarded: 'for=10.0.0.7;by=10.0.0.8' },
    ]
    for (const more of hints) {
      expect((await post('/events', binary('a', { ...verified, ...more }), good)).status).toBe(401)
    }
    // They give no rights to one who is known either.
    expect((await post('/events', binary('a', { ...verified, 'x-api-key': key.key }), good)).status).toBe(403)
    expect((await fetch(`${url}/events/types`, { headers: { ...verified, 'x-api-key': key.key } })).status).toBe(200)
    expect(await stored()).toEqual([])
  },
)

test.each<[what: string, headers: Record<string, string>]>([
  ['not verified', { ...verified, 'x-ssl-client-verify': '10' }],
  ['no verdict', { 'x-ssl-client-dn': 'CN=till-7,O=Acme' }],
  ['another way to say yes', { ...verified, 'x-ssl-client-verify': 'SUCCESS' }],
  ['no certificate at all', { 'x-ssl-client-verify': '0', 'x-ssl-client-dn': '' }],
  ['a subject that has the name in it', { ...verified, 'x-ssl-client-dn': 'CN=till-7,O=Acme,OU=Guests' }],
  ['the name as a part of another', { ...verified, 'x-ssl-client-dn': 'O=x\\,CN=till-7,O=Acme' }],
  ['a subject where a SAN belongs', { 'x-ssl-client-verify': '0', 'x-ssl-client-san': 'CN=till-7,O=Acme' }],
  ['a wrong key beside a good certificate', { ...verified, authorization: `Bearer ${createKey('other').key}` }],
])('%s is 401, also from the proxy', async (_, headers) => {
  const { post, stored } = await behind('127.0.0.1')
  expect((await post('/events', binary('a', headers), good)).status).toBe(401)
  expect(await stored()).toEqual([])
})

test('a client is known by its SAN, with rights of its own', async () => {
  const { post } = await behind('127.0.0.1')
  const web = { 'x-ssl-client-verify': '0', 'x-ssl-client-dn': 'CN=x', 'x-ssl-client-san': 'DNS:web.acme.example' }
  expect((await post('/events', binary('a', { ...web, 'ce-type': 'order.exported' }), good)).status).toBe(202)
  expect((await post('/events', binary('a', web), good)).status).toBe(403)
})

test('a subject that the client could add to what the proxy says counts for nobody', async () => {
  const { raw } = await behind('127.0.0.1')
  const lines = 'x-ssl-client-verify: 0\r\nx-ssl-client-dn: CN=guest\r\nx-ssl-client-dn: CN=till-7,O=Acme\r\n'
  const answer = await raw(`GET /events/types HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${lines}\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 401 /)
})
