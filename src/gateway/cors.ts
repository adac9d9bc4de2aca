/**
 * Web pages of other origins that may call (CORS, of the Fetch standard).
 * @module
 */
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { GatewayOptionInvalid } from './errors.ts'

export interface CorsOptions {
  /** Origins of pages whose scripts may call: `https://shop.example`, exactly as browsers write them. */
  readonly origins: readonly string[]
}

/** How long a browser may remember what it was allowed, seconds. */
const maxAgeSeconds = 600

/**
 * Lets pages of `origins` call. Browsers ask without credentials whether they may: such a question is answered before anybody's rights are
 * looked at, and `next` adds the hooks that do.
 * @throws GatewayOptionInvalid for what is no origin; `*` is none
 */
export function allowOrigins(server: FastifyInstance, { origins }: CorsOptions, next: () => void): void {
  for (const [index, origin] of origins.entries()) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue
    throw new GatewayOptionInvalid(
      `cors.origins[${index}]`,
      `must be an origin such as "https://shop.example", not ${JSON.stringify(origin)}`,
    )
  }
  const options = {
    origin: [...origins],
    methods: ['GET', 'POST'],
    exposedHeaders: ['idempotency-replayed', 'retry-after'],
    maxAge: maxAgeSeconds,
  }
  void server.register(cors, options).after(next)
}
