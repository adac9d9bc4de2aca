/**
 * Telling of requests as they begin and end, and the trace that a request came with.
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { channelOf, type RequestCall, type TraceExtensions } from '../channels.ts'
import { traceExtensions } from '../event/index.ts'
import type { ReceivedEvent } from './cloud-events.ts'

const beginChannel = channelOf('veltrix:request:begin')
const endChannel = channelOf('veltrix:request:end')

/** Others are read every few seconds by a balancer, or stay open for hours. */
const toldRoutes: ReadonlySet<string | undefined> = new Set(['/events', '/events/:type'])

/** Tells of every request of `server` that posts events, also of those that are refused. To be called before other hooks are added. */
export function tellRequests(server: FastifyInstance): void {
  server.decorateRequest('call', null)
  server.addHook('onRequest', (request, reply, done) => {
    const isTold = beginChannel.hasSubscribers && request.method === 'POST' && toldRoutes.has(request.routeOptions.url)
    if (!isTold) return done()
    const call = callOf(request)
    request.setDecorator<RequestCall>('call', call)
    beginChannel.publish(call)
    whenOver(reply, (status) => {
      if (status !== undefined) call.status = status
      endChannel.publish(call)
    })
    // What follows is called by `done`, and so inside it.
    call.run(done)
  })
}

function callOf({ method, url, routeOptions, raw }: FastifyRequest): RequestCall {
  const { traceparent, tracestate } = raw.headers
  return {
    method,
    route: routeOptions.url!,
    path: url.split('?', 1)[0]!,
    httpVersion: raw.httpVersion,
    traceparent: textOf(traceparent),
    tracestate: textOf(tracestate),
    carriesTrace: false,
    run: (rest) => rest(),
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}

function whenOver({ raw }: FastifyReply, over: (status: number | undefined) => void): void {
  raw.once('close', () => over(raw.writableFinished ? raw.statusCode : undefined))
}

/** The trace that a request came with, for its events; undefined where a subscriber sees to that. */
export function traceOf(request: FastifyRequest): TraceExtensions | undefined {
  const { traceparent, tracestate } = request.headers
  if (traceparent === undefined || request.getDecorator<RequestCall | null>('call')?.carriesTrace) return undefined
  return traceExtensions(traceparent, tracestate)
}

/** An event that has no trace of its own gets this one. */
export function carrying(event: ReceivedEvent, trace: TraceExtensions | undefined): ReceivedEvent {
  if (trace === undefined || event.extensions?.['traceparent'] !== undefined) return event
  return { ...event, extensions: { ...event.extensions, ...trace } }
}
