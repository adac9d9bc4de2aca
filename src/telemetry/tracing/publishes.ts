/**
 * Spans of publishing: `send` for one event; for many a `send`, and a `create` for each event.
 * @module
 */
import {
  context,
  isSpanContextValid,
  SpanKind,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import type { EventHead, PublishCall, PublishManyCall } from '../../channels.ts'
import { beginningOf, eventAttributes, fail, operationAttributes } from './describe.ts'
import { names, systemNames, systemOf } from './names.ts'
import { carrying, extensionsOf, remoteOf } from './remote.ts'
import type { Sampling } from './sampling.ts'

export interface PublishSpansOptions {
  readonly tracer: Tracer
  readonly sampling: Sampling
  /** A span for each event of a `publishMany`. */
  readonly createSpans: boolean
  /** Where a handler of this process runs that has the event in its hands. */
  readonly handling: (event: EventHead) => Context | undefined
}

interface ManyOpen {
  readonly span: Span
  /** Where `publishMany` was called: its events are encoded later, called from somewhere else. */
  readonly parent: Context
  readonly topics: Set<string>
}

export class PublishSpans {
  readonly #options: PublishSpansOptions
  readonly #open = new WeakMap<PublishCall, Span>()
  readonly #openMany = new WeakMap<PublishManyCall, ManyOpen>()

  constructor(options: PublishSpansOptions) {
    this.#options = options
  }

  begin(call: PublishCall): void {
    const given = givenOf(call.event)
    const many = call.many && this.#openMany.get(call.many)
    many?.topics.add(call.topic)
    // What its publisher put on an event stays, and is what it was created in (semantic conventions, "Producer spans").
    if (call.how !== 'alone' && given !== undefined) {
      if (given !== 'invalid') many?.span.addLink(linkTo(given, call.event))
      return
    }
    if (many !== undefined && !this.#options.createSpans) return putOn(call, many.span)
    const parent = many?.parent ?? this.#parentOf(call)
    const unrecorded = this.#options.sampling.unrecorded(trace.getSpanContext(parent))
    if (unrecorded !== undefined) {
      if (given === undefined) call.trace = carrying(unrecorded)
      return
    }
    const span = this.#start(call, given === 'invalid' ? undefined : given, parent)
    if (given === undefined) putOn(call, span)
    if (call.how === 'alone') this.#open.set(call, span)
    else span.end()
    if (many?.span.isRecording()) many.span.addLink(linkTo(span.spanContext(), call.event))
  }

  end(call: PublishCall): void {
    const span = this.#open.get(call)
    if (span === undefined) return
    this.#open.delete(call)
    if (call.error !== undefined) fail(span, call.error)
    if (call.place !== undefined) {
      const { partition, offset, duplicate } = call.place
      span.setAttribute(names.partition, String(partition))
      span.setAttribute(systemNames(systemOf(call.transport)).offset, offset)
      if (duplicate) span.setAttribute(names.duplicate, true)
    }
    span.end()
  }

  beginMany(call: PublishManyCall): void {
    const parent = context.active()
    const kind = this.#options.createSpans ? SpanKind.CLIENT : SpanKind.PRODUCER
    const attributes = { ...operationAttributes('send', call.transport), [names.batchCount]: call.events }
    const { sampling, tracer } = this.#options
    const unrecorded = sampling.unrecorded(trace.getSpanContext(parent))
    const span =
      unrecorded === undefined
        ? tracer.startSpan('send', { kind, attributes }, parent)
        : trace.wrapSpanContext(unrecorded)
    this.#openMany.set(call, { span, parent, topics: new Set() })
  }

  endMany(call: PublishManyCall): void {
    const many = this.#openMany.get(call)
    if (many === undefined) return
    const { span, topics } = many
    const [topic] = topics
    if (topics.size === 1) span.updateName(`send ${topic}`).setAttribute(names.destination, topic!)
    if (call.failed !== undefined && call.failed > 0) {
      span.setAttribute(names.failedEvents, call.failed)
      fail(span, call.error)
    }
    span.end()
  }

  #start(call: PublishCall, given: SpanContext | undefined, parent: Context): Span {
    const { event, transport } = call
    const { name, attributes } = beginningOf(call.how === 'alone' ? 'send' : 'create', transport, call.topic)
    const isCreation = event.extensions?.['traceparent'] === undefined
    const kind = isCreation ? SpanKind.PRODUCER : SpanKind.CLIENT
    const span = this.#options.tracer.startSpan(name, { kind, attributes }, parent)
    if (span.isRecording()) {
      span.setAttributes({
        ...eventAttributes(event),
        [systemNames(systemOf(transport)).key]: event.key,
        [names.lane]: call.lane,
        [names.stream]: call.stream,
      })
      if (given !== undefined) span.addLink(linkTo(given, event))
    }
    return span
  }

  /** What runs here; else the handler it is published from, should its context be lost; else the trace that it has, or its cause has. */
  #parentOf({ cause, event }: PublishCall): Context {
    const active = context.active()
    const running = trace.getSpanContext(active)
    if (running !== undefined && isSpanContextValid(running)) return active
    const handling = cause && this.#options.handling(cause)
    if (handling !== undefined) return handling
    const remote = remoteOf(event.extensions ?? {}) ?? (cause && remoteOf(cause.extensions))
    return remote === undefined ? active : trace.setSpanContext(active, remote)
  }
}

/** The trace that an event was given; `invalid` where what was given is none. It is checked after this, and may be anything. */
function givenOf({ extensions }: EventHead): SpanContext | 'invalid' | undefined {
  if (extensions?.['traceparent'] === undefined) return undefined
  return remoteOf(extensions) ?? 'invalid'
}

function putOn(call: PublishCall, span: Span): void {
  const extensions = extensionsOf(span.spanContext())
  if (extensions !== undefined) call.trace = extensions
}

function linkTo(creation: SpanContext, { id }: EventHead): Link {
  return { context: creation, attributes: { [names.link]: 'creation', [names.messageId]: id } }
}
