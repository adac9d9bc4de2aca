/**
 * Who is let in, and who is not: hosts, origins, tokens, headers and rights.
 * @module
 */
import { expect, test } from 'vitest'
import { createDashboard } from '../../src/dashboard/index.ts'
import { createKey } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { client, running, shop, type RawAnswer } from './running.ts'

function nameOf({ body }: RawAnswer): string {
  return (JSON.parse(body) as { type: string }).type.replace('urn:veltrix:problem:', '')
}

async function looking() {
  const system = await running({ started: false })
  const host = new URL(system.url).host
  return { ...system, host, bearer: { host, authorization: `Bearer ${system.token}` } }
}

test('the token opens a session; its cookie is for this server only, and ends with it', async () => {
  const { raw, host, token } = await looking()
  const headers = { host, 'content-type': 'application/json', 'x-veltrix-dashboard': '1', origin: `http://${host}` }
  const begun = await raw('POST', '/session', headers, JSON.stringify({ token }))
  expect(begun.status).toBe(204)
  const [cookie] = begun.headers['set-cookie']!
  const port = host.split(':')[1]!
  expect(cookie).toMatch(new RegExp(`^veltrix-dashboard-${port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`))
  const pair = cookie!.split(';')[0]!
  expect((await raw('GET', '/api/system', { host, cookie: `a=b; ${pair}` })).status).toBe(200)
  expect((await raw('GET', '/api/system', { host, cookie: pair.slice(0, -1) })).status).toBe(401)
  // That of another port.
  expect((await raw('GET', '/api/system', { host, cookie: pair.replace(port, '1') })).status).toBe(401)
  expect((await raw('DELETE', '/session', { host, cookie: pair, 'x-veltrix-dashboard': '1' })).status).toBe(204)
  expect((await raw('GET', '/api/system', { host, cookie: pair })).status).toBe(401)
})

test('behind TLS the cookie is for TLS', async () => {
  const { raw, host, token } = await looking()
  const headers = { host, 'content-type': 'application/json', 'x-veltrix-dashboard': '1', origin: `https://${host}` }
  const { headers: answered } = await raw('POST', '/session', headers, JSON.stringify({ token }))
  expect(answered['set-cookie']![0]).toMatch(/; Secure$/)
})

test('the streams of a session end with it', async () => {
  const system = await running({ started: false })
  const host = new URL(system.url).host
  const headers = { host, 'content-type': 'application/json', 'x-veltrix-dashboard': '1' }
  const { headers: answered } = await system.raw('POST', '/session', headers, JSON.stringify({ token: system.token }))
  const cookie = answered['set-cookie']![0]!.split(';')[0]!
  const stream = await fetch(`${system.url}/api/live`, { headers: { cookie } })
  const ended = stream.text()
  await system.raw('DELETE', '/session', { host, cookie, 'x-veltrix-dashboard': '1' })
  expect(await ended).toContain('event: history')
})

test.for(['', 'x', 'A'.repeat(22), 'A'.repeat(20_000)])('the token %# is not let in', async (token) => {
  const { raw, host } = await looking()
  const headers = { host, 'content-type': 'application/json', 'x-veltrix-dashboard': '1' }
  const { status } = await raw('POST', '/session', headers, JSON.stringify({ token }))
  expect(status).toBe(token.length > 16_384 ? 400 : 401)
  if (token !== '' && token.length < 8_000) {
    expect((await raw('GET', '/api/system', { host, authorization: `Bearer ${token}` })).status).toBe(401)
  }
})

test('without a token there is nothing but the page, whatever is asked', async () => {
  const { raw, host } = await looking()
  for (const path of [
    '/api/system',
    '/api/live',
    '/api/tail',
    '/api/topics',
    '/api/plan',
    '/api/dead/billing',
    '/api/redrives',
  ]) {
    expect([path, (await raw('GET', path, { host })).status]).toEqual([path, 401])
  }
  // Also what is not there: nobody learns which paths there are.
  expect((await raw('GET', '/api/nothing', { host })).status).toBe(401)
  expect((await raw('POST', '/api/events', { host, 'x-veltrix-dashboard': '1' })).status).toBe(401)
  expect((await raw('GET', '/', { host })).status).not.toBe(401)
})

test.for(['evil.example', 'evil.example:4681', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1'])(
  'the host %j is refused, whatever it asks for and whoever it is',
  async (host) => {
    const { raw, bearer } = await looking()
    for (const path of ['/', '/page/main.js', '/api/system', '/session']) {
      const answer = await raw('GET', path, { ...bearer, host })
      expect([path, answer.status, nameOf(answer)]).toEqual([path, 403, 'host-refused'])
    }
  },
)

test.for(['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])('the host %s is this machine', async (name) => {
  const { raw, bearer, host } = await looking()
  expect((await raw('GET', '/api/system', { ...bearer, host: `${name}:${host.split(':')[1]}` })).status).toBe(200)
})

test.for<Record<string, string>>([
  { origin: 'http://evil.example' },
  { origin: 'null' },
  { origin: 'http://127.0.0.1' },
  { origin: 'http://localhost:1' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
])('a request of another page (%j) is refused, also with a session', async (headers) => {
  const { raw, bearer, acts } = await looking()
  const act = { 'x-veltrix-dashboard': '1', 'content-type': 'application/json' }
  const asked = await raw('GET', '/api/system', { ...bearer, ...headers })
  const acted = await raw('POST', '/api/marks', { ...bearer, ...act, ...headers }, '{"text":"x"}')
  expect([asked.status, nameOf(asked), acted.status, nameOf(acted)]).toEqual([
    403,
    'origin-refused',
    403,
    'origin-refused',
  ])
  expect(acts).toEqual([])
})

test('nobody else is allowed to ask from a page of theirs', async () => {
  const { raw, host } = await looking()
  const preflight = { host, origin: 'http://evil.example', 'access-control-request-method': 'POST' }
  const answer = await raw('OPTIONS', '/api/events', preflight)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
})

test('an act without the header of the page is refused', async () => {
  const { raw, bearer, acts } = await looking()
  const json = { ...bearer, 'content-type': 'application/json' }
  const acting = [
    '/session',
    '/api/marks',
    '/api/events',
    '/api/dead/billing/redrive',
    '/api/subscriptions/billing/pause',
  ]
  for (const path of acting) {
    const answer = await raw('POST', path, json, '{"text":"x"}')
    expect([path, answer.status, nameOf(answer)]).toEqual([path, 403, 'header-missing'])
  }
  expect(acts).toEqual([])
})

test('a dashboard to look at changes nothing', async () => {
  const system = await running({ readOnly: true })
  const { rights, readOnly } = await system.json('/api/system')
  expect([readOnly, rights]).toEqual([
    true,
    { read: true, readPayload: true, redrive: false, publish: false, pause: false },
  ])
  const acting: [string, unknown][] = [
    ['/api/events', { type: 'order.placed', data: { orderId: 'o-1' } }],
    ['/api/marks', { text: 'x' }],
    ['/api/dead/billing/redrive', { selection: { all: true }, dryRun: true }],
    ['/api/dead/billing/discard', { selection: { all: true }, reason: 'x' }],
    ['/api/dead/billing/letters/a%2F0%2F0/replace', { data: {}, reason: 'x' }],
    ['/api/redrives/x/stop', undefined],
    ['/api/subscriptions/billing/pause', undefined],
    ['/api/subscriptions/billing/resume', undefined],
    ['/api/nothing', undefined],
  ]
  for (const [path, body] of acting) {
    const response = await system.post(path, body)
    expect([path, response.status, ((await response.json()) as any).type]).toEqual([
      path,
      403,
      'urn:veltrix:problem:read-only',
    ])
  }
  expect(system.acts).toEqual([])
})

test('every answer says how it may be used', async () => {
  const { raw, bearer, host } = await looking()
  for (const [path, headers] of [
    ['/api/system', bearer],
    ['/api/system', { host }],
    ['/nothing', { host }],
  ] as const) {
    const answer = await raw('GET', path, headers)
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    const policy = answer.headers['content-security-policy'] as string
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
  }
})

test.for([
  '/page/../dashboard.ts',
  '/page/%2e%2e/dashboard.ts',
  '/page/..%2fdashboard.ts',
  '/page/..\\dashboard.ts',
  '//etc/passwd',
  '/vendor/../../package.json',
  '/package.json',
  '/page/%00',
  '/page/%ff',
])('%s is no file of the page', async (path) => {
  const { raw, host } = await looking()
  const answer = await raw('GET', path, { host })
  expect([400, 404]).toContain(answer.status)
  expect(answer.body).not.toContain('createDashboard')
})

test('elsewhere it is refused without rights', () => {
  const app = veltrix(shop)
  for (const host of ['0.0.0.0', '::', '192.168.1.1', 'dashboard.example']) {
    expect(() => createDashboard(app, { host })).toThrow('--access')
  }
})

/** A dashboard with keys, and one that asks with each. */
async function withKeys() {
  const keys = {
    looker: [{ verbs: ['read'], types: ['*'] }],
    reader: [
      { verbs: ['read'], types: ['*'] },
      { verbs: ['read-payload'], types: ['order.exported'], sources: ['*'] },
    ],
    redriver: [
      { verbs: ['read'], types: ['*'] },
      { verbs: ['redrive', 'pause'], types: ['order.placed'] },
    ],
    sender: [
      { verbs: ['read'], types: ['*'] },
      { verbs: ['publish'], types: ['order.exported'], sources: ['/shop'] },
    ],
    till: [{ verbs: ['publish'], types: ['*'], sources: ['*'] }],
  } as const
  const made = Object.entries(keys).map(([id, rights]) => ({ id, rights, ...createKey(id) }))
  const access = { keys: Object.fromEntries(made.map(({ id, rights, hash }) => [id, { hash, rights }])) }
  const system = await running({ access })
  expect(system.address).toBe(`${system.url}/`)
  const asking = (id: keyof typeof keys) => client(system.url, made.find((each) => each.id === id)!.key)
  return { ...system, asking }
}

test('rights: each may do what its key says, and nothing else', async () => {
  const { asking, app, acts } = await withKeys()
  const placed = await app.publish('order.placed', { orderId: 'o-1', note: 'fail' })
  const exported = await app.publish('order.exported', { orderId: 'o-2', note: 'for the file' })
  const at = ({ topic, partition, offset }: typeof placed): string => `/api/events/${topic}/${partition}/${offset}`
  const shown = async (id: Parameters<typeof asking>[0], place: typeof placed) => {
    const view = await asking(id).json(at(place))
    return { line: 'data' in view.line, event: 'data' in view.event, raw: view.raw !== null }
  }
  const nothing = { line: false, event: false, raw: false }
  expect(await shown('looker', placed)).toEqual(nothing)
  expect(await shown('looker', exported)).toEqual(nothing)
  expect(await shown('reader', placed)).toEqual(nothing)
  expect(await shown('reader', exported)).toEqual({ line: true, event: true, raw: true })

  // A filter sees no more than its viewer.
  const tail = `/api/tail?last=10&filter=${encodeURIComponent('event.data.note != ""')}`
  for await (const { data } of asking('looker').stream(tail)) {
    expect(data.events).toEqual([])
    break
  }
  for await (const { data } of asking('reader').stream(tail)) {
    expect(data.events.map(({ key }: any) => key)).toEqual(['o-2'])
    break
  }

  const statusOf = async (id: Parameters<typeof asking>[0], path: string, body?: unknown): Promise<number> =>
    (await asking(id).post(path, body)).status
  const redrive = { selection: { all: true }, dryRun: true }
  expect(await statusOf('looker', '/api/dead/billing/redrive', redrive)).toBe(403)
  expect(await statusOf('redriver', '/api/dead/billing/redrive', redrive)).toBe(200)
  // It takes types that the key may not redrive.
  expect(await statusOf('redriver', '/api/dead/archive/redrive', redrive)).toBe(403)
  expect(await statusOf('redriver', '/api/dead/archive/discard', { selection: { all: true }, reason: 'x' })).toBe(403)
  expect(await statusOf('looker', '/api/subscriptions/billing/pause')).toBe(403)
  expect(await statusOf('redriver', '/api/subscriptions/billing/pause')).toBe(204)
  expect(await statusOf('redriver', '/api/subscriptions/archive/pause')).toBe(403)
  const send = (type: string) => ({ type, data: { orderId: 'o-3' } })
  expect(await statusOf('looker', '/api/events', send('order.exported'))).toBe(403)
  expect(await statusOf('sender', '/api/events', send('order.placed'))).toBe(403)
  expect(await statusOf('sender', '/api/events', send('order.exported'))).toBe(200)
  expect(acts.map(({ by, act }) => `${by} ${act}`)).toEqual(['key:redriver pause', 'key:sender publish'])
  expect((await asking('till').get('/api/system')).status).toBe(403)
  expect((await asking('sender').json('/api/system')).rights).toEqual({
    read: true,
    readPayload: false,
    redrive: false,
    publish: true,
    pause: false,
  })
})

test('a key opens a session like a token, and what it does is told under its name', async () => {
  const { asking, url, raw } = await withKeys()
  const host = new URL(url).host
  const headers = { host, 'content-type': 'application/json', 'x-veltrix-dashboard': '1' }
  expect((await raw('POST', '/session', headers, '{"token":"vlx_looker_wrong"}')).status).toBe(401)
  // Behind a proxy the host is the proxy's; only its own page may ask all the same.
  const system = await asking('looker').get('/api/system', { 'sec-fetch-site': 'cross-site' })
  expect(system.status).toBe(403)
})
