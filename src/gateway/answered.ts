/**
 * What the gateway tells on its channel: each answer, with its code, its time and the lane it was about.
 * @module
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { channelOf } from '../channels.ts'

const answered = channelOf('veltrix:gateway:answered')

export class Answered {
  readonly #lanes = new WeakMap<FastifyRequest, string>()

  /** Tells every answer of `server` when it has gone out, or its connection is gone. */
  watch(server: FastifyInstance): void {
    server.addHook('onResponse', async (request, reply) => {
      if (!answered.hasSubscribers) return
      answered.publish({
        method: request.method,
        route: request.routeOptions.url,
        code: reply.statusCode,
        lane: this.#lanes.get(request),
        durationMs: reply.elapsedTime,
      })
    })
  }

  /** The request posts one event, of this lane. */
  about(request: FastifyRequest, lane: string | undefined): void {
    if (lane !== undefined && answered.hasSubscribers) this.#lanes.set(request, lane)
  }
}

/** No HTTP request, or too slow: answered before there was a request to speak of. */
export function tellRefused(code: number): void {
  if (!answered.hasSubscribers) return
  answered.publish({ method: '_OTHER', route: undefined, code, lane: undefined, durationMs: 0 })
}
