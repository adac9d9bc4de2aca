/**
 * A page for Prometheus to scrape.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { prometheusContentType } from '../telemetry/metrics/index.ts'
import { TelemetryAddressInvalid } from './errors.ts'

export interface PrometheusOptions {
  /** Where to listen. Default `127.0.0.1`; other addresses show the numbers to whoever reaches them. */
  readonly host?: string
  /** 0 takes a free one. Default 9464. */
  readonly port?: number
}

export class PrometheusServer {
  readonly #server: Server
  readonly #host: string

  private constructor(server: Server, host: string) {
    this.#server = server
    this.#host = host
  }

  /** @throws TelemetryAddressInvalid */
  static async start({ host = '127.0.0.1', port = 9464 }: PrometheusOptions, text: () => string) {
    const server = createServer((request, response) => answer(request, response, text))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    try {
      server.listen({ host, port }, resolve)
      await promise
    } catch (error) {
      throw new TelemetryAddressInvalid(host, port, error)
    }
    // It is there as long as the application is, not the other way round.
    server.unref()
    return new PrometheusServer(server, host)
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${port}/metrics`
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }
}

function answer({ method, url }: IncomingMessage, response: ServerResponse, text: () => string): void {
  const path = (url ?? '').split('?', 1)[0]
  if (path !== '/metrics') return void response.writeHead(404).end()
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
  const body = text()
  response.writeHead(200, { 'content-type': prometheusContentType, 'content-length': Buffer.byteLength(body) })
  response.end(method === 'HEAD' ? undefined : body)
}
