/**
 * The payload: checked by its schema (any Standard Schema v1), and carried as JSON.
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { EventInvalid, type EventIssue } from './errors.ts'

/**
 * Checks `data` against `schema` and answers with the schema's output: at once when the schema is synchronous, else a promise of it.
 * @throws EventInvalid (or the promise rejects with it) with every issue the schema found, or when the schema itself threw
 */
export function validatePayload(schema: StandardSchemaV1, data: unknown, type: string): unknown {
  let result: ReturnType<StandardSchemaV1['~standard']['validate']>
  try {
    result = schema['~standard'].validate(data)
  } catch (error) {
    throw schemaFailed(type, error)
  }
  if (!isPromise(result)) return outputOf(result, type)
  return result.then(
    (settled) => outputOf(settled, type),
    (error: unknown) => {
      throw schemaFailed(type, error)
    },
  )
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

function outputOf(result: StandardSchemaV1.Result<unknown>, type: string): unknown {
  if (typeof result !== 'object' || result === null) {
    throw new EventInvalid(type, [{ path: 'data', message: 'the schema answered with neither a value nor issues' }])
  }
  if (!result.issues) return result.value
  throw new EventInvalid(type, issuesOf(result.issues))
}

function issuesOf(issues: readonly StandardSchemaV1.Issue[]): EventIssue[] {
  if (issues.length === 0) return [{ path: 'data', message: 'the schema refused it without saying why' }]
  return issues.map((issue) => ({ path: dataPath(issue.path ?? []), message: String(issue.message) }))
}

function schemaFailed(type: string, cause: unknown): EventInvalid {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EventInvalid(type, [{ path: 'data', message: `the schema threw: ${reason}` }], { cause })
}

/** `data.lines[0].price`, `data["strange name"]`. */
export function dataPath(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  let text = 'data'
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment
    if (typeof key === 'number') text += `[${key}]`
    else if (typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key)) text += `.${key}`
    else text += `[${typeof key === 'string' ? JSON.stringify(key) : String(key)}]`
  }
  return text
}
