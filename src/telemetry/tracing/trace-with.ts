/**
 * Traces by OpenTelemetry, made of what the channels tell.
 * @module
 */
import type { Tracer } from '@opentelemetry/api'
import { channelOf, type ChannelMessages, type ChannelName } from '../../channels.ts'
import { HandlerSpans } from './handler-calls.ts'
import { PublishSpans } from './publishes.ts'
import { RequestSpans } from './requests.ts'
import { Sampling } from './sampling.ts'

export interface TracingOptions {
  /**
   * A span `create` for each event of a `publishMany`, so that each event has a place of its own in the trace. Without, they all carry that
   * of the `send`. Default true.
   */
  readonly createSpans?: boolean
  /**
   * Whether the gateway goes on with the trace its callers name. They may name any, and ask for it to be sampled: where strangers call,
   * false begins a new trace for each request, with a link to theirs. Default true.
   */
  readonly trustCallers?: boolean
  /**
   * Whether a trace that begins here is recorded, asked before anything is made of it; the tracer's sampler is asked of the rest only. What
   * goes on with a trace goes as its beginning decided. Default: the tracer's sampler is asked of everything, which costs much more.
   */
  readonly keeps?: () => boolean
}

/**
 * Makes spans of everything that Veltrix publishes, handles and takes over HTTP in this process, and puts their trace on events.
 * What is active in handlers and requests is the API's global context: a context manager must be set for spans of their own to be
 * children. Answers with what stops it; spans that are open then stay so.
 */
export function traceWith(tracer: Tracer, options: TracingOptions = {}): () => void {
  const { createSpans = true, trustCallers = true } = options
  const sampling = new Sampling(options.keeps)
  const handlers = new HandlerSpans(tracer, sampling)
  const publishes = new PublishSpans({ tracer, sampling, createSpans, handling: (event) => handlers.handling(event) })
  const requests = new RequestSpans(tracer, sampling, trustCallers)
  const stops = [
    listen('veltrix:publisher:begin', (call) => publishes.begin(call)),
    listen('veltrix:publisher:end', (call) => publishes.end(call)),
    listen('veltrix:publisher:beginMany', (call) => publishes.beginMany(call)),
    listen('veltrix:publisher:endMany', (call) => publishes.endMany(call)),
    listen('veltrix:handler:begin', (call) => handlers.begin(call)),
    listen('veltrix:handler:end', (call) => handlers.end(call)),
    listen('veltrix:request:begin', (call) => requests.begin(call)),
    listen('veltrix:request:end', (call) => requests.end(call)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function listen<Name extends ChannelName>(name: Name, hear: (message: ChannelMessages[Name]) => void): () => void {
  const channel = channelOf(name)
  const listener = (message: unknown): void => hear(message as ChannelMessages[Name])
  channel.subscribe(listener)
  return () => void channel.unsubscribe(listener)
}
