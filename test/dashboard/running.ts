/**
 * A dashboard on a free port, of an application on a real embedded log of its own.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { createDashboard, type Act, type DashboardOptions } from '../../src/dashboard/index.ts'
import { defineVeltrix, event, Unrecoverable, veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'

const order = z.object({
  orderId: z.string(),
  total: z.number().optional(),
  card: z.object({ number: z.string(), name: z.string().optional() }).optional(),
  note: z.string().optional(),
})

export const shop = defineVeltrix({
  app: 'shop',
  lanes: { critical: { weight: 4 }, bulk: { weight: 1 } },
  streams: {
    orders: {
      key: 'orderId',
      partitions: 2,
      events: {
        'order.placed': event(order, { lane: 'critical', secret: ['card.number'] }),
        'order.exported': event(order, { lane: 'bulk' }),
      },
    },
  },
  subscriptions: {
    billing: { events: ['order.placed'], retry: { attempts: 2, backoff: '1ms..2ms' }, onDeadLetter: 'park-key' },
    archive: { events: ['order.placed', 'order.exported'], retry: { attempts: 1 } },
  },
})

/** What handlers of the shop do: an order with the note `fail` fails for good, one with `again` until it was tried twice. */
export function shopApp(directory: string) {
  return veltrix(shop, { transport: embedded({ directory, durability: 'none' }) })
    .handle('billing', 'order.placed', ({ data }, { attempt }) => {
      if (data.note === 'fail') throw new Unrecoverable(`card of ${data.orderId} refused`)
      if (data.note === 'again' && attempt < 2) throw new Error('the bank is busy')
    })
    .handle('archive', 'order.placed', () => undefined)
    .handle('archive', 'order.exported', () => undefined)
}

export interface RunningOptions extends DashboardOptions {
  /** Its subscriptions run here. Default true. */
  readonly started?: boolean
  /** Another application of the shop. */
  readonly make?: typeof shopApp
}

export async function running({ started = true, make = shopApp, ...options }: RunningOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-dashboard-'))
  const app = make(directory)
  if (started) await app.start()
  const acts: Act[] = []
  const failures: unknown[] = []
  const dashboard = createDashboard(app, {
    port: 0,
    onAct: (act) => acts.push(act),
    onFailure: (error) => failures.push(error),
    ...options,
  })
  const address = await dashboard.start()
  onTestFinished(async () => {
    await dashboard.close()
    await app.stop()
    rmSync(directory, { recursive: true })
  })
  const [url, token = ''] = address.split('/#token=') as [string, string?]
  const asking = client(url.replace(/\/$/, ''), token)
  return { app, dashboard, address, token, acts, failures, directory, ...asking }
}

/** Asks as a tool does, with the token; headers may be given otherwise. */
export function client(url: string, token: string) {
  const authorization = `Bearer ${token}`
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, { headers: { authorization, ...headers } })
  return {
    url,
    get,
    json: async (path: string) => (await get(path)).json() as Promise<any>,
    post: (path: string, body?: unknown, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: {
          authorization,
          'x-veltrix-dashboard': '1',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    /** Every header as it is given, the host too. */
    raw: (method: string, path: string, headers: Record<string, string>, body?: string) =>
      rawRequest(url, method, path, headers, body),
    /** Messages of a stream as they come, until it is left. */
    stream: (path: string, headers: Record<string, string> = {}) => messages(url + path, { authorization, ...headers }),
  }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

function rawRequest(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

export interface Message {
  readonly event: string
  readonly data: any
}

/** Server-sent events, decoded. Leaving the loop ends the connection. */
export async function* messages(url: string, headers: Record<string, string>): AsyncGenerator<Message> {
  const ended = new AbortController()
  try {
    const response = await fetch(url, { headers, signal: ended.signal })
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const field = (name: string): string | undefined =>
          lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const data = field('data')
        if (data !== undefined) yield { event: field('event')!, data: JSON.parse(data) }
      }
    }
  } finally {
    ended.abort()
  }
}

/** Looks again until it is so; the test's own time limit ends it otherwise. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}
