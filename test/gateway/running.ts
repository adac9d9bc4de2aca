/**
 * A gateway on a free port, over a real embedded log of its own.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createGateway, type GatewayApp, type GatewayOptions, type Problem } from '../../src/gateway/index.ts'
import { veltrix } from '../../src/index.ts'
import { embedded } from '../../src/transport/embedded/index.ts'
import type { Transport } from '../../src/transport/index.ts'
import { shop, shopAs } from './shop.ts'

export { shop }

export interface Stored {
  readonly attributes: Readonly<Record<string, string>>
  readonly data: unknown
}

/** Everything on the log of `app`, in no order across partitions. */
export async function storedOn(app: Pick<GatewayApp, 'open' | 'config'>): Promise<readonly Stored[]> {
  const log = await app.open()
  const topics = [...app.config.streams.values()].flatMap((stream) => [...stream.topics.values()])
  const found: Stored[] = []
  for (const { topic, partition, end } of await log.admin.offsets(topics)) {
    for (let offset = 0; offset < end;) {
      const read = await log.read({ topic, partition, offset, maxBytes: 1 << 20, maxWaitMs: 1_000 })
      for (const { headers, value } of read.records) {
        const attributes = [...headers].map(([name, text]) => [name, Buffer.from(text).toString()] as const)
        found.push({ attributes: Object.fromEntries(attributes), data: JSON.parse(Buffer.from(value!).toString()) })
      }
      offset = read.nextOffset
    }
  }
  return found
}

export async function running(options: GatewayOptions = {}, wrap: (app: GatewayApp) => GatewayApp = (app) => app) {
  const directory = mkdtempSync(join(tmpdir(), 'veltrix-gateway-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return runningOn(embedded({ directory, durability: 'none' }), { options, wrap })
}

export interface RunningOn {
  readonly options?: GatewayOptions
  readonly wrap?: (app: GatewayApp) => GatewayApp
  /** Name of the application, where the log is not its own. */
  readonly name?: string
}

/** A gateway of its own application over `transport`. */
export async function runningOn(
  transport: Transport,
  { options = {}, wrap = (app) => app, name = 'shop' }: RunningOn = {},
) {
  const app = veltrix(shopAs(name), { transport })
  // Tests hold back publishes for as long as they need.
  const gateway = createGateway(wrap(app), { port: 0, logStallMs: 600_000, ...options })
  const close = async (): Promise<void> => {
    await gateway.close()
    await app.stop()
  }
  onTestFinished(close)
  const url = await gateway.start()
  return {
    app,
    gateway,
    url,
    /** The gateway, and then its application. */
    close,
    post: (path: string, headers: Record<string, string>, body?: string | Buffer<ArrayBuffer>) =>
      fetch(`${url}${path}`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) }),
    /** Everything on the log, in no order across partitions. */
    stored: () => storedOn(app),
    /** Sends bytes as they are, and resolves to all that comes back until the connection is closed. */
    raw(bytes: string | Uint8Array): Promise<string> {
      return new Promise((resolve, reject) => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
        let answer = ''
        socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
        socket.on('close', () => resolve(answer))
        socket.on('error', reject)
      })
    },
  }
}

export async function problemIn(response: Response): Promise<Problem> {
  return (await response.json()) as Problem
}

/** Headers of a good event in binary mode. */
export function binary(id: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-type': 'order.placed',
    'ce-source': '/till/7',
    'ce-id': id,
    ...more,
  }
}

/** A good event in structured mode. */
export function structured(id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { specversion: '1.0', type: 'order.placed', source: '/till/7', id, data: { orderId: 'o-1' }, ...more }
}
