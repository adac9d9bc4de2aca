/**
 * What an effect returned, as it is remembered.
 * @module
 */

/** Longest JSON that is kept, in UTF-16 units. */
const maxLength = 64 * 1024

/** JSON to keep; `undefined` for nothing, for what is not JSON, and for too much of it: then a repeat gives no value. */
export function storedValue(value: unknown): string | undefined {
  if (value === undefined) return undefined
  try {
    const json = JSON.stringify(value) as string | undefined
    return json === undefined || json.length > maxLength ? undefined : json
  } catch {
    return undefined
  }
}

/** The result of an effect done before. */
export function doneBefore<T>(json: string | null | undefined): { applied: false; value?: T } {
  return json === null || json === undefined ? { applied: false } : { applied: false, value: JSON.parse(json) as T }
}
