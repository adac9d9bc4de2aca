/**
 * What every part of the document is made of.
 * @module
 */

export type Json = Readonly<Record<string, unknown>>

/** A reference to a part of the document: `ref('channels', 'orders.critical')`. */
export function ref(...path: readonly string[]): Json {
  return { $ref: pointer(...path) }
}

/** A JSON Pointer into the document. */
export function pointer(...path: readonly string[]): string {
  return ['#', ...path.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/')
}
