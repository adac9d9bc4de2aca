/**
 * What a canary counts, for Prometheus to fetch from this machine.
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exposition, expositionType, type Canary } from '../../canary/index.ts'
import type { Clock } from '../../clock.ts'
import { UsageInvalid } from '../errors.ts'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

const host = '127.0.0.1'

/** @throws UsageInvalid when the port is taken, or may not be used */
export async function serveMetrics(what: {
  readonly canary: Pick<Canary, 'accounts' | 'report'>
  readonly clock: Clock
  readonly port: number
}): Promise<MetricsServer> {
  const { canary, clock, port } = what
  const server = createServer((request, response) =>
    answer(request, response, () => exposition(canary, clock.monotonic())),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new UsageInvalid(`--metrics-port: ${host}:${port} cannot be used (${cause.code}). Give another port.`, {
          cause,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/metrics`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

function answer({ method, url }: IncomingMessage, response: ServerResponse, text: () => string): void {
  const isHere = url !== undefined && /^\/metrics(?:\?|$)/.test(url)
  if (!isHere) return void response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at /metrics.\n')
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
  response.writeHead(200, { 'content-type': expositionType }).end(text())
}
