/** Who may do what: API keys, rights by verb, type and source, and that nobody gets anything without a right. */
import fc from 'fast-check'
import { Validator } from '@seriousme/openapi-schema-validator'
import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { createGateway, createKey, GatewayExposed, type RightOptions } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { binary, problemIn, running, shop, structured } from './running.ts'

const batch = { 'content-type': 'application/cloudevents-batch+json' }
const json = { 'content-type': 'application/json' }
const good = '{"orderId":"o-1"}'

const till = createKey('till')
const reader = createKey('reader')
/** Publishes orders that were placed, from tills; another one reads about those that were exported. */
const access = {
  keys: {
    till: {
      hash: till.hash,
      source: '/till/7',
      rights: [{ verbs: ['publish'], types: ['order.placed'], sources: ['/till/*'] }],
    },
    reader: { hash: reader.hash, rights: [{ verbs: ['read-types'], types: ['order.exported'] }] },
  },
} as const

const asTill = { authorization: `Bearer ${till.key}` }
const asReader = { 'x-api-key': reader.key }

test('a key in Authorization or X-API-Key lets its owner publish what its rights name', async () => {
  const { post, stored } = await running({ access })
  expect((await post('/events', binary('a', asTill), good)).status).toBe(202)
  expect((await post('/events', binary('b', { 'x-api-key': till.key }), good)).status).toBe(202)
  const plain = await post('/events/order.placed', { ...json, ...asTill }, good)
  expect([plain.status, await plain.json()]).toMatchObject([202, { source: '/till/7' }])
  expect(await stored()).toHaveLength(3)
})

const { key } = till
const last = key.at(-1) === 'A' ? 'E' : 'A'
test.each<[what: string, headers: Record<string, string>]>([
  ['no key', {}],
  ['a wrong secret', { authorization: `Bearer ${key.slice(0, -1)}${last}` }],
  ['the key of an id that does not exist', { authorization: `Bearer ${createKey('nobody').key}` }],
  ["another's secret under this id", { authorization: `Bearer vlx_till.${reader.key.split('.')[1]}` }],
  ['the hash instead of the key', { authorization: `Bearer ${till.hash}` }],
  ['a part of the key', { authorization: `Bearer ${key.slice(0, 20)}` }],
  ['another scheme', { authorization: `Basic ${Buffer.from(`till:${key}`).toString('base64')}` }],
  ['the key without a scheme', { authorization: key }],
  ['two credentials', { ...asTill, 'x-api-key': key }],
  ['a signature beside the key', { ...asTill, 'webhook-signature': 'v1,AAAA' }],
  ['a token where there are none', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }],
])('%s is 401, and says no more than any other', async (_, headers) => {
  const { post, stored } = await running({ access })
  const response = await post('/events', binary('a', headers), good)
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="veltrix"'])
  expect(await problemIn(response)).toEqual({
    type: 'urn:veltrix:problem:not-authenticated',
    title: 'The request does not say who sends it, or not rightly',
    status: 401,
    detail: 'No valid credentials came with the request.',
    code: 'VLX_REQUEST_REFUSED',
  })
  expect(await stored()).toEqual([])
})

test('a header of credentials that is there twice counts for nobody', async () => {
  const { raw } = await running({ access })
  const answer = await raw(
    `GET /events/types HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-api-key: ${reader.key}\r\nX-API-KEY: ${reader.key}\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 401 /)
})

test('who is not known is refused before the body is there', async () => {
  const { raw } = await running({ access })
  const head = 'POST /events HTTP/1.1\r\nhost: a\r\ncontent-length: 4000000\r\ncontent-type: application/json\r\n'
  // It ends although not a byte of the body is ever sent.
  expect(await raw(`${head}connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 401 /)
  expect(await raw(`${head}connection: close\r\nx-api-key: ${reader.key}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 /)
})

test('the right key and the wrong type, source or verb is 403, and names only what was sent', async () => {
  const { post, url, stored } = await running({ access })
  const typeB = await post('/events', binary('a', { ...asTill, 'ce-type': 'order.exported' }), good)
  expect([typeB.status, (await problemIn(typeB)).type]).toEqual([403, 'urn:veltrix:problem:not-allowed'])
  const plain = await post('/events/order.exported', { ...json, ...asTill }, good)
  expect(await problemIn(plain)).toMatchObject({
    status: 403,
    detail: 'These credentials may not publish "order.exported" from this source.',
  })
  const source = await post('/events', binary('a', { ...asTill, 'ce-source': '/tillage' }), good)
  expect(source.status).toBe(403)
  const verb = await fetch(`${url}/events/types`, { headers: asTill })
  expect([verb.status, (await problemIn(verb)).detail]).toEqual([403, 'These credentials have no right to read-types.'])
  expect((await post('/events', { ...batch, ...asReader }, '[]')).status).toBe(403)
  expect(await stored()).toEqual([])
})

test('the type and the source must be allowed by one and the same right', async () => {
  const both = createKey('both')
  const rights: RightOptions[] = [
    { verbs: ['publish'], types: ['order.placed'], sources: ['/a'] },
    { verbs: ['publish'], types: ['order.exported'], sources: ['/b'] },
  ]
  const { post } = await running({ access: { keys: { both: { hash: both.hash, rights } } } })
  const send = async (type: string, source: string): Promise<number> =>
    (await post('/events', binary('a', { 'x-api-key': both.key, 'ce-type': type, 'ce-source': source }), good)).status
  expect([await send('order.placed', '/a'), await send('order.exported', '/b')]).toEqual([202, 202])
  expect([await send('order.placed', '/b'), await send('order.exported', '/a')]).toEqual([403, 403])
})

test('in a batch each event that is not allowed is its own 403, and the others are stored', async () => {
  const { post, stored } = await running({ access })
  const events = [
    structured('a'),
    structured('b', { type: 'order.exported' }),
    structured('c', { source: '/shop' }),
    structured('d'),
  ]
  const response = await post('/events', { ...batch, ...asTill }, JSON.stringify(events))
  expect(response.status).toBe(207)
  const { results } = (await response.json()) as { results: { status: number }[] }
  expect(results.map(({ status }) => status)).toEqual([202, 403, 403, 202])
  expect(results[1]).toMatchObject({ problem: { type: 'urn:veltrix:problem:not-allowed' } })
  expect((await stored()).map(({ attributes }) => attributes['ce_id']).toSorted()).toEqual(['a', 'd'])
})

test('a type nobody declares is not answered with those that are', async () => {
  const all = createKey('all')
  const rights: RightOptions[] = [{ verbs: ['publish'], types: ['order.*'], sources: ['*'] }]
  const { post } = await running({ access: { keys: { all: { hash: all.hash, rights } } } })
  const unknown = await post('/events/order.exporte', { ...json, 'x-api-key': all.key }, good)
  const text = await unknown.text()
  expect([unknown.status, text.includes('order.exported')]).toEqual([400, false])
})

test('types and descriptions have only what their reader may see', async () => {
  const { url } = await running({ access })
  const read = async (path: string): Promise<object> =>
    (await (await fetch(`${url}${path}`, { headers: asReader })).json()) as object
  expect(await read('/events/types')).toMatchObject({ types: [{ type: 'order.exported' }] })
  const document = await read('/openapi.json')
  expect(JSON.stringify(document)).not.toContain('order.placed')
  expect((await fetch(`${url}/openapi.json`)).status).toBe(401)
})

test('the description says what to show, and that it may be refused', async () => {
  const { url } = await running({ access })
  const document = (await (await fetch(`${url}/openapi.json`, { headers: asReader })).json()) as Record<string, object>
  expect(await new Validator().validate({ ...document })).toMatchObject({ valid: true })
  expect(document).toMatchObject({
    security: [{ bearerKey: [] }, { apiKey: [] }],
    paths: {
      '/events': {
        post: { responses: { 401: {}, 403: { description: expect.stringMatching(/^not-allowed/) as string } } },
      },
      '/livez': { get: { security: [] } },
    },
  })
  expect(Object.keys((document['components'] as { securitySchemes: object }).securitySchemes)).toEqual([
    'bearerKey',
    'apiKey',
  ])
  const open = (await (await fetch(`${(await running()).url}/openapi.json`)).json()) as Record<string, object>
  expect(open).not.toHaveProperty('security')
  expect(open).not.toHaveProperty(['paths', '/events', 'post', 'responses', '401'])
})

test('health is open; every other path, also one that does not exist, is for those who are known', async () => {
  const { url } = await running({ access })
  const status = async (path: string, init?: RequestInit): Promise<number> =>
    (await fetch(`${url}${path}`, init)).status
  expect([await status('/livez'), await status('/startupz'), await status('/readyz')]).toEqual([200, 200, 200])
  expect([
    await status('/nothing'),
    await status('/events'),
    await status('/events/types', { method: 'HEAD' }),
  ]).toEqual([401, 401, 401])
  expect([await status('/nothing', { headers: asTill }), await status('/events', { headers: asTill })]).toEqual([
    404, 405,
  ])
})

test('a key is replaced without a gap: both hashes count, and the old one no more once it is taken out', async () => {
  const next = createKey('till')
  const { rights } = access.keys.till
  const both = await running({ access: { keys: { till: { hash: [till.hash, next.hash], rights } } } })
  const only = await running({ access: { keys: { till: { hash: next.hash, rights } } } })
  const statusAt = async ({ post }: typeof both, secret: string): Promise<number> =>
    (await post('/events', binary('a', { 'x-api-key': secret }), good)).status
  expect([await statusAt(both, till.key), await statusAt(both, next.key)]).toEqual([202, 202])
  expect([await statusAt(only, till.key), await statusAt(only, next.key)]).toEqual([401, 202])
})

test('an address that others reach is refused without access, and taken with it under any name', async () => {
  expect(() => createGateway(veltrix(shop), { host: '0.0.0.0' })).toThrow(GatewayExposed)
  const { url, raw } = await running({ access, host: '0.0.0.0' })
  const { port } = new URL(url)
  const outside = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)
  const response = await fetch(`http://${outside?.address ?? '127.0.0.1'}:${port}/events/order.placed`, {
    method: 'POST',
    headers: { ...json, ...asTill },
    body: good,
  })
  expect(response.status).toBe(202)
  const named = await raw(
    `GET /events/types HTTP/1.1\r\nhost: events.example\r\nconnection: close\r\nx-api-key: ${reader.key}\r\n\r\n`,
  )
  expect(named).toMatch(/^HTTP\/1\.1 200 /)
})

/** Rights drawn at random, and a model of what they allow that is not the code's. */
const typesThere = ['order.placed', 'order.exported']
const sourcesThere = ['/till/7', '/till/8', '/web']
const drawnRight = fc.record({
  verbs: fc.subarray(['publish', 'read-types', 'tail'] as const, { minLength: 1 }),
  types: fc.subarray(['order.placed', 'order.exported', 'order.*', 'other.*'], { minLength: 1 }),
  sources: fc.subarray(['/till/7', '/till/*', '/web', '/elsewhere/*'], { minLength: 1 }),
})
const allowedTypes = new Map([
  ['order.placed', ['order.placed']],
  ['order.exported', ['order.exported']],
  ['order.*', typesThere],
  ['other.*', []],
])
const allowedSources = new Map([
  ['/till/7', ['/till/7']],
  ['/till/*', ['/till/7', '/till/8']],
  ['/web', ['/web']],
  ['/elsewhere/*', []],
])

test('property: nobody gets a 2xx without an explicit right, and everybody with one does', async () => {
  const drawn = fc.sample(fc.array(drawnRight, { minLength: 1, maxLength: 3 }), { numRuns: 40, seed: 6 })
  const made = drawn.map((rights, nth) => ({ rights, ...createKey(`k-${nth}`) }))
  const keys = Object.fromEntries(made.map(({ rights, hash }, nth) => [`k-${nth}`, { rights, hash }]))
  const { post, url } = await running({ access: { keys } })
  for (const { rights, key: secret } of made) {
    const has = (verb: string, type?: string, source?: string): boolean =>
      rights.some(
        (right) =>
          right.verbs.some((each) => each === verb) &&
          (type === undefined || right.types.some((each) => allowedTypes.get(each)!.includes(type))) &&
          (source === undefined || right.sources.some((each) => allowedSources.get(each)!.includes(source))),
      )
    const headers = { 'x-api-key': secret }
    for (const path of ['/events/types', '/openapi.json']) {
      expect((await fetch(`${url}${path}`, { headers })).status).toBe(has('read-types') ? 200 : 403)
    }
    for (const type of typesThere) {
      for (const source of sourcesThere) {
        const one = binary(`${secret}/${type}`, { ...headers, 'ce-type': type, 'ce-source': source })
        const ok = has('publish', type, source)
        expect([type, source, (await post('/events', one, good)).status]).toEqual([type, source, ok ? 202 : 403])
      }
    }
    expect((await post('/events', { ...batch, ...headers }, '[]')).status).toBe(has('publish') ? 202 : 403)
  }
}, 60_000)
