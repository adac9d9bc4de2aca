/**
 * Spans of handlers: `process`, one for each attempt of an event, or for each call of a batch handler.
 * @module
 */
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import type { EventHead, HandlerAttempt, HandlerCall } from '../../channels.ts'
import { beginningOf, eventAttributes, fail } from './describe.ts'
import { names, spanEvents, systemNames, systemOf } from './names.ts'
import { remoteOf } from './remote.ts'
import { LateContext, type Sampling } from './sampling.ts'

export class HandlerSpans {
  readonly #tracer: Tracer
  readonly #sampling: Sampling
  readonly #open = new WeakMap<HandlerCall, Span>()
  /** By `item`, of those that are tried again. */
  readonly #firstAttempts = new WeakMap<object, SpanContext>()
  readonly #handling = new WeakMap<EventHead, Context>()

  constructor(tracer: Tracer, sampling: Sampling) {
    this.#tracer = tracer
    this.#sampling = sampling
  }

  /** Where the handler runs that has the event in its hands. */
  handling(event: EventHead): Context | undefined {
    return this.#handling.get(event)
  }

  begin(call: HandlerCall): void {
    const { attempts, isBatch, transport } = call
    const [first] = attempts
    const { extensions } = first!.event
    if (!isBatch && this.#sampling.goesOnUnrecorded(extensions['traceparent'])) {
      // What it publishes finds the trace on the event, should the context be lost.
      return runIn(call, new LateContext(extensions))
    }
    const creation = isBatch ? undefined : remoteOf(extensions)
    const unrecorded = this.#sampling.unrecorded(creation)
    if (unrecorded !== undefined) return this.#inside(call, trace.setSpanContext(ROOT_CONTEXT, unrecorded))
    // Never what happens to be active: a worker is woken from anywhere, and runs on for as long as the process does.
    const parent = creation === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, creation)
    const { name, attributes } = beginningOf('process', transport, first!.topic)
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes }, parent)
    if (span.isRecording()) {
      span.setAttributes({ ...ofCall(call), ...(isBatch ? ofBatch(call) : ofAttempt(first!, transport)) })
      for (const attempt of attempts) span.addLinks(this.#linksOf(attempt))
    }
    this.#open.set(call, span)
    this.#inside(call, trace.setSpan(ROOT_CONTEXT, span))
  }

  #inside(call: HandlerCall, inside: Context): void {
    for (const { event } of call.attempts) this.#handling.set(event, inside)
    runIn(call, inside)
  }

  end(call: HandlerCall): void {
    const span = this.#open.get(call)
    if (span === undefined) return
    this.#open.delete(call)
    for (const { event, item, outcome } of call.attempts) {
      this.#handling.delete(event)
      if (outcome?.fate === 'retry' && !this.#firstAttempts.has(item)) this.#firstAttempts.set(item, span.spanContext())
    }
    if (span.isRecording()) tellOutcomes(span, call)
    span.end()
  }

  /** To where the event was created, and from later attempts to the first, which is in another process's hands after a restart. */
  #linksOf({ event, item, id }: HandlerAttempt): Link[] {
    const link = (to: SpanContext | undefined, what: string): Link[] =>
      to === undefined ? [] : [{ context: to, attributes: { [names.link]: what, [names.messageId]: id } }]
    return [...link(remoteOf(event.extensions), 'creation'), ...link(this.#firstAttempts.get(item), 'first-attempt')]
  }
}

function runIn(call: HandlerCall, inside: Context): void {
  const outer = call.run
  call.run = (handler) => outer(() => context.with(inside, handler))
}

function ofCall({ subscription, group, lane, attempts }: HandlerCall): Attributes {
  return {
    [names.group]: group,
    [names.subscription]: subscription,
    [names.lane]: lane,
    [names.stream]: attempts[0]!.stream,
  }
}

/** A batch has events of one type; who waited longest says how late it is. */
function ofBatch({ attempts }: HandlerCall): Attributes {
  return {
    [names.batchCount]: attempts.length,
    [names.eventType]: attempts[0]!.type,
    [names.waitedMs]: Math.max(...attempts.map(({ waitedMs }) => waitedMs)),
  }
}

function ofAttempt(made: HandlerAttempt, transport: string): Attributes {
  const { event, partition, offset, key, attempt, waitedMs, redriven } = made
  const own = systemNames(systemOf(transport))
  return {
    ...eventAttributes(event),
    [names.partition]: String(partition),
    [own.offset]: offset,
    [own.key]: key,
    [names.attempt]: attempt,
    [names.waitedMs]: waitedMs,
    ...(redriven ? { [names.redriven]: true } : {}),
  }
}

function tellOutcomes(span: Span, { attempts, isBatch }: HandlerCall): void {
  if (!isBatch) span.setAttribute(names.outcome, attempts[0]!.outcome!.fate)
  for (const { outcome, id, attempt } of attempts) {
    const which = { [names.attempt]: attempt, ...(isBatch ? { [names.messageId]: id } : {}) }
    if (outcome?.fate === 'retry') span.addEvent(spanEvents.retry, { ...which, [names.retryDelayMs]: outcome.delayMs })
    if (outcome?.fate === 'dead') span.addEvent(spanEvents.dead, { ...which, [names.deadReason]: outcome.reason })
  }
  const failure = attempts.find(({ outcome }) => outcome !== undefined && 'error' in outcome)?.outcome
  if (failure !== undefined && 'error' in failure) fail(span, failure.error)
}
