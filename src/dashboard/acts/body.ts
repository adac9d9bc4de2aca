/**
 * Bodies of requests: objects with known fields.
 * @module
 */
import type { FastifyRequest } from 'fastify'
import { DashboardRefused } from '../errors.ts'

export type Body = Readonly<Record<string, unknown>>

/** @throws DashboardRefused when it is no object, or has other fields */
export function bodyOf({ body }: FastifyRequest, fields: readonly string[]): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new DashboardRefused('body-invalid', `The body must be an object with ${fields.join(', ')}.`)
  }
  const other = Object.keys(body).find((name) => !fields.includes(name))
  if (other !== undefined) {
    throw new DashboardRefused(
      'body-invalid',
      `There is no field ${JSON.stringify(other)}; known are ${fields.join(', ')}.`,
    )
  }
  return body as Body
}

/** A field that must be there. @throws DashboardRefused */
export function textIn(body: Body, name: string): string {
  const value = body[name]
  if (typeof value === 'string' && value.trim() !== '') return value
  throw new DashboardRefused('body-invalid', `${name} must be text.`)
}

/** Undefined where it is not there, or null. */
export function optional<T>(body: Body, name: string, read: (body: Body, name: string) => T): T | undefined {
  return body[name] === undefined || body[name] === null ? undefined : read(body, name)
}
