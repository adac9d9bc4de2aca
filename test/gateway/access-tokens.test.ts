/** JSON Web Tokens against a real issuer's key set over HTTP, with time in the hand. */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import type { GatewayOptions, TokenOptions } from '../../src/gateway/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { binary, problemIn, running } from './running.ts'

const issuer = 'https://issuer.example/'
const good = '{"orderId":"o-1"}'
type Pair = Awaited<ReturnType<typeof generateKeyPair>>
const pair = await generateKeyPair('ES256', { extractable: true })
const other = await generateKeyPair('ES256', { extractable: true })
const rsa = await generateKeyPair('RS256', { extractable: true })

async function publicKey({ publicKey: key }: Pair, kid: string): Promise<object> {
  return { ...(await exportJWK(key)), kid }
}

/** Serves a key set. */
async function keyServer(keys: object[]) {
  const state = { keys, status: 200, asked: 0, hangs: false, elsewhere: '' }
  const server = createServer((_request, response) => {
    state.asked++
    if (state.hangs) return
    const headers = { 'content-type': 'application/json', ...(state.elsewhere && { location: state.elsewhere }) }
    response.writeHead(state.status, headers).end(JSON.stringify({ keys: state.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { state, jwks: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json` }
}

async function asking(options: Partial<TokenOptions> = {}, more: GatewayOptions = {}) {
  const clock = new VirtualClock()
  const served = await keyServer([await publicKey(pair, 'one')])
  const right = { verbs: ['publish'], types: ['order.placed'], sources: ['/till/*'] } as const
  const tokens = {
    shop: {
      issuer,
      audience: 'shop',
      jwks: served.jwks,
      rights: [{ claim: 'scope', value: 'orders:write', ...right }],
      ...options,
    },
  }
  const gateway = await running({ access: { tokens }, clock, ...more })
  const send = (token: string, type = 'order.placed'): Promise<Response> =>
    gateway.post('/events', binary('a', { authorization: `Bearer ${token}`, 'ce-type': type }), good)
  return { ...gateway, ...served, clock, send }
}

const now = Math.floor(new VirtualClock().now() / 1_000)
const claims = { iss: issuer, aud: 'shop', sub: 'user-7', scope: 'openid orders:write', exp: now + 60 }

function signed(
  more: JWTPayload = {},
  head: { alg?: string; kid?: string } = {},
  key = pair.privateKey,
): Promise<string> {
  const header = { alg: 'ES256', kid: 'one', ...head }
  return new SignJWT({ ...claims, ...more }).setProtectedHeader(header).sign(key)
}

function without(claim: keyof typeof claims): Promise<string> {
  const { [claim]: _, ...rest } = claims
  return new SignJWT(rest).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(pair.privateKey)
}

function unsigned(alg: string, sign: (text: string) => string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg, kid: 'one' })}.${part(claims)}`
  return `${text}.${sign(text)}`
}

test('a good token may what its claims allow, and the key set is asked for once', async () => {
  const { send, state } = await asking()
  const [first, second] = [await send(await signed()), await send(await signed({ sub: 'user-8' }))]
  expect([first.status, second.status, state.asked]).toEqual([202, 202, 1])
  expect((await send(await signed(), 'order.exported')).status).toBe(403)
})

test.each<[what: string, claims: JWTPayload]>([
  ['another scope', { scope: 'orders:read' }],
  ['a scope that begins like it', { scope: 'orders:write-all' }],
  ['the scope as an object', { scope: { 'orders:write': true } }],
  ['no scope that anybody grants', { scope: '' }],
])('%s gives no right: 403', async (_, more) => {
  const { send } = await asking()
  expect((await send(await signed(more))).status).toBe(403)
})

test('claims in lists and inside of others', async () => {
  const right = { verbs: ['publish'], types: ['order.placed'], sources: ['*'] } as const
  const { send } = await asking({ rights: [{ claim: ['realm_access', 'roles'], value: 'till', ...right }] })
  expect((await send(await signed({ realm_access: { roles: ['a', 'till'] } }))).status).toBe(202)
  expect((await send(await signed({ realm_access: { roles: ['tiller'] } }))).status).toBe(403)
  expect((await send(await signed({ realm_access: 'till' }))).status).toBe(403)
})

const spki = await exportSPKI(pair.publicKey)
test.each<[what: string, token: () => Promise<string> | string]>([
  ['expired', () => signed({ exp: now - 60 })],
  ['without an end', () => without('exp')],
  ['not yet valid', () => signed({ nbf: now + 60 })],
  ['for another audience', () => signed({ aud: 'other' })],
  ['for nobody', () => without('aud')],
  ['of another issuer', () => signed({ iss: 'https://evil.example/' })],
  ['of no issuer', () => without('iss')],
  ['of no subject', () => without('sub')],
  ['with an empty subject', () => signed({ sub: '' })],
  ['signed by another key', () => signed({}, {}, other.privateKey)],
  ['with an unknown kid', () => signed({}, { kid: 'two' }, other.privateKey)],
  ['with another algorithm than its key', () => signed({}, { alg: 'RS256' }, rsa.privateKey)],
  ['alg none', () => unsigned('none', () => '')],
  ['alg None', () => unsigned('None', () => '')],
  [
    'HS256 with the public key as the secret',
    () => unsigned('HS256', (text) => createHmac('sha256', spki).update(text).digest('base64url')),
  ],
  ['without its signature', async () => (await signed()).replace(/[^.]+$/, '')],
  [
    'with a changed body',
    async () => {
      const [head, , signature] = (await signed()).split('.')
      return `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')}.${signature}`
    },
  ],
  [
    'with a header that must be understood',
    () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one', crit: ['x'], x: 1 })
        .sign(pair.privateKey, { crit: { x: true } }),
  ],
  ['that is none', () => 'a.b.c'],
])('a token %s is 401', async (_, token) => {
  const { send, stored } = await asking()
  const response = await send(await token())
  expect([response.status, (await problemIn(response)).detail]).toEqual([
    401,
    'No valid credentials came with the request.',
  ])
  expect(await stored()).toEqual([])
})

test('clocks may differ by the tolerance and no more; time passes for a token', async () => {
  const { send, clock } = await asking({ clockTolerance: '10s' })
  expect((await send(await signed({ exp: now - 9, nbf: now + 9 }))).status).toBe(202)
  expect((await send(await signed({ nbf: now + 11 }))).status).toBe(401)
  const token = await signed()
  expect((await send(token)).status).toBe(202)
  await clock.advance(71_000)
  expect((await send(token)).status).toBe(401)
})

test('only the algorithms that are listed', async () => {
  const { send } = await asking({
    algorithms: ['RS256'],
    jwks: { keys: [await publicKey(pair, 'one'), await publicKey(rsa, 'two')] },
  })
  expect((await send(await signed({}, { alg: 'RS256', kid: 'two' }, rsa.privateKey))).status).toBe(202)
  expect((await send(await signed())).status).toBe(401)
})

test('a key set that cannot be loaded is 503 with Retry-After, asked for again only after a pause, and then all is well', async () => {
  const failures: unknown[] = []
  const { send, state, clock } = await asking({}, { onFailure: (error) => failures.push(error) })
  state.status = 500
  const token = await signed({ exp: now + 3_600 })
  for (let nth = 0; nth < 3; nth++) {
    const response = await send(token)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await problemIn(response)).toMatchObject({ type: 'urn:veltrix:problem:access-unavailable' })
  }
  expect(state.asked).toBe(1)
  expect(failures[0]).toMatchObject({ code: 'VLX_GATEWAY_KEYS_UNAVAILABLE' })
  state.status = 200
  await clock.advance(5_000)
  expect((await send(token)).status).toBe(202)
})

test('a key set that does not answer is given up after its time', async () => {
  const { send, state, clock } = await asking()
  state.hangs = true
  const answer = send(await signed())
  await expect.poll(() => state.asked, { timeout: 30_000 }).toBe(1)
  await clock.advance(5_000)
  expect((await answer).status).toBe(503)
})

test('a server of keys that goes down harms nobody for an hour; after it nobody is believed', async () => {
  const { send, state, clock } = await asking()
  const token = await signed({ exp: now + 36_000 })
  expect((await send(token)).status).toBe(202)
  state.status = 503
  await clock.advance(11 * 60_000)
  expect((await send(token)).status).toBe(202)
  await clock.advance(50 * 60_000)
  expect((await send(token)).status).toBe(503)
})

test('rotation: a new key is found by its kid, an old one that is withdrawn counts no more', async () => {
  const { send, state, clock } = await asking()
  const [old, young] = [
    await signed({ exp: now + 36_000 }),
    await signed({ exp: now + 36_000 }, { kid: 'two' }, other.privateKey),
  ]
  expect((await send(old)).status).toBe(202)
  state.keys = [await publicKey(other, 'two')]
  // A key nobody knows is looked for every 30 s only: anybody can name one.
  for (let nth = 0; nth < 5; nth++) expect((await send(young)).status).toBe(401)
  expect(state.asked).toBe(1)
  await clock.advance(30_000)
  expect((await send(young)).status).toBe(202)
  expect((await send(old)).status).toBe(401)
  expect(state.asked).toBe(2)
})

test('a withdrawn key counts no more after ten minutes, without any new one', async () => {
  const { send, state, clock } = await asking()
  const token = await signed({ exp: now + 36_000 })
  expect((await send(token)).status).toBe(202)
  state.keys = []
  await clock.advance(11 * 60_000)
  // The first after that time still uses the old set, and has it loaded anew.
  await send(token)
  await expect.poll(async () => (await send(token)).status, { timeout: 30_000 }).toBe(401)
})

test('a redirect is not followed, and something else than keys is a failure', async () => {
  const { send, state, clock } = await asking()
  state.keys = 'no' as never
  expect((await send(await signed())).status).toBe(503)
  const elsewhere = await keyServer([await publicKey(pair, 'one')])
  Object.assign(state, { status: 302, elsewhere: elsewhere.jwks })
  await clock.advance(5_000)
  expect((await send(await signed())).status).toBe(503)
  expect(elsewhere.state.asked).toBe(0)
})
