/**
 * What spans say of events and errors.
 * @module
 */
import { SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api'
import type { EventHead } from '../../channels.ts'
import { isVeltrixError } from '../../errors.ts'
import { names, systemOf } from './names.ts'

export type Operation = 'send' | 'create' | 'process'

export interface Beginning {
  readonly name: string
  readonly attributes: Attributes
}

const beginnings = new Map<string, Beginning>()

/**
 * What a span has from its beginning, which is what a sampler sees. Everything else is said only of spans that are recorded: most are
 * not where much happens.
 */
export function beginningOf(operation: Operation, transport: string, topic: string): Beginning {
  const id = `${operation} ${transport} ${topic}`
  let beginning = beginnings.get(id)
  if (beginning === undefined) {
    const attributes = { ...operationAttributes(operation, transport), [names.destination]: topic }
    // There are as many as topics in typed files.
    beginnings.set(id, (beginning = { name: `${operation} ${topic}`, attributes }))
  }
  return beginning
}

export function operationAttributes(operation: Operation, transport: string): Attributes {
  return { [names.system]: systemOf(transport), [names.operationName]: operation, [names.operationType]: operation }
}

export function eventAttributes({ id, source, type, subject }: EventHead): Attributes {
  return {
    [names.messageId]: id,
    [names.eventId]: id,
    [names.eventSource]: source,
    [names.eventSpecVersion]: '1.0',
    [names.eventType]: type,
    ...(subject === undefined ? {} : { [names.eventSubject]: subject }),
  }
}

/** The code of our errors, the class of others. */
export function errorType(error: unknown): string {
  if (isVeltrixError(error)) return error.code
  return error instanceof Error && error.name !== '' ? error.name : '_OTHER'
}

export function fail(span: Span, error: unknown): void {
  const shown = error instanceof Error ? error : new Error(String(error))
  span.setAttribute(names.errorType, errorType(error))
  span.recordException(shown)
  span.setStatus({ code: SpanStatusCode.ERROR, message: shown.message })
}
