/**
 * What spans say of events and errors.
 * @module
 */
import { SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api'
import type { EventHead } from '../../channels.ts'
import { isVeltrixError } from '../../errors.ts'
import { names } from './names.ts'

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
