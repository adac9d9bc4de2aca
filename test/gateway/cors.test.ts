/** Web pages of other origins: who may call, and that being allowed to call is no right to do anything. */
import { expect, test } from 'vitest'
import { createGateway, createKey } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { binary, running, shop } from './running.ts'

const page = 'https://shop.example'
const till = createKey('till')
const access = {
  keys: { till: { hash: till.hash, rights: [{ verbs: ['publish'], types: ['*'], sources: ['*'] }] } },
} as const
const ask = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key' }

test('a browser is told beforehand what pages of a named origin may do, without credentials', async () => {
  const { url } = await running({ access, cors: { origins: [page] } })
  const asked = await fetch(`${url}/events`, { method: 'OPTIONS', headers: { origin: page, ...ask } })
  expect([asked.status, Object.fromEntries(asked.headers)]).toMatchObject([
    204,
    {
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type,x-api-key',
    },
  ])
  const other = await fetch(`${url}/events`, { method: 'OPTIONS', headers: { origin: 'https://evil.example', ...ask } })
  expect(other.headers.get('access-control-allow-origin')).toBeNull()
})

test('who may call has no right by that, and can read why', async () => {
  const { post, stored } = await running({ access, cors: { origins: [page] } })
  const refused = await post('/events', binary('a', { origin: page }), '{"orderId":"o"}')
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, page])
  expect(await stored()).toEqual([])
  const taken = await post('/events', binary('a', { origin: page, 'x-api-key': till.key }), '{"orderId":"o"}')
  expect([taken.status, taken.headers.get('access-control-expose-headers')]).toEqual([
    202,
    'idempotency-replayed, retry-after',
  ])
})

test('without it no page of another origin is told anything', async () => {
  const { url } = await running()
  const asked = await fetch(`${url}/events`, { method: 'OPTIONS', headers: { origin: page, ...ask } })
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([405, null])
})

test.each(['*', 'shop.example', 'https://shop.example/', 'https://shop.example/path', 'null', ''])(
  '%j is no origin',
  (origin) => {
    expect(() => createGateway(veltrix(shop), { cors: { origins: [origin] } })).toThrow('cors.origins[0]')
  },
)
