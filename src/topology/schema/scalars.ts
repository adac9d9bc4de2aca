/**
 * Compatibility of what is neither object nor array: numbers, texts, and lists of allowed values.
 * @module
 */
import { broken, valueText, type SchemaBreak } from './break.ts'

export type Keywords = { readonly [keyword: string]: unknown }

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Keywords, b as Keywords]
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
  )
}

/** Every value there can be, when `enum`, `const` or the type says so. */
export function finiteValues(schema: Keywords, type: string | undefined): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [schema['const']]
  if (Array.isArray(schema['enum'])) return schema['enum']
  if (type === 'null') return [null]
  if (type === 'boolean') return [true, false]
  return undefined
}

/** The values a reader takes, against those (or the type) that were written. */
export function enumBreaks(written: Keywords, type: string, reader: Keywords, path: string): SchemaBreak[] {
  const allowed = finiteValues(reader, undefined)
  if (allowed === undefined) return []
  const values = finiteValues(written, type)?.filter((value) => type === jsonType(value) || isWithin(value, type))
  if (values === undefined) {
    return [broken(path, 'enum-narrowed', `was any ${type}, now only ${allowed.map(valueText).join(', ')}`)]
  }
  const gone = values.filter((value) => !allowed.some((each) => sameJson(each, value)))
  if (gone.length === 0) return []
  return [broken(path, 'enum-narrowed', `${gone.map(valueText).join(', ')} is not allowed any more`)]
}

function isWithin(value: unknown, type: string): boolean {
  return (type === 'number' || type === 'integer') && jsonType(value) === 'number'
}

export function jsonType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

interface Bound {
  readonly value: number
  readonly exclusive: boolean
}

function lowerBound(schema: Keywords): Bound {
  const [inclusive, exclusive] = [
    numberOf(schema['minimum'], -Infinity),
    numberOf(schema['exclusiveMinimum'], -Infinity),
  ]
  return exclusive >= inclusive && exclusive > -Infinity
    ? { value: exclusive, exclusive: true }
    : { value: inclusive, exclusive: false }
}

function upperBound(schema: Keywords): Bound {
  const [inclusive, exclusive] = [numberOf(schema['maximum'], Infinity), numberOf(schema['exclusiveMaximum'], Infinity)]
  return exclusive <= inclusive && exclusive < Infinity
    ? { value: exclusive, exclusive: true }
    : { value: inclusive, exclusive: false }
}

/** The values of a finite schema as the narrowest schema of bounds, so that one comparison does for both. */
function boundsOfValues(values: readonly unknown[]): Keywords {
  const numbers = values.filter((value) => typeof value === 'number')
  const lengths = values.filter((value) => typeof value === 'string').map((text) => [...text].length)
  return {
    ...(numbers.length > 0 && { minimum: Math.min(...numbers), maximum: Math.max(...numbers) }),
    ...(lengths.length > 0 && { minLength: Math.min(...lengths), maxLength: Math.max(...lengths) }),
  }
}

export function numberBreaks(written: Keywords, reader: Keywords, path: string): SchemaBreak[] {
  const values = finiteValues(written, undefined)?.filter((value) => typeof value === 'number')
  if (values?.length === 0) return []
  const writer = values === undefined ? written : boundsOfValues(values)
  const breaks: SchemaBreak[] = []
  const [wasLow, nowLow] = [lowerBound(writer), lowerBound(reader)]
  if (nowLow.value > wasLow.value || (nowLow.value === wasLow.value && nowLow.exclusive && !wasLow.exclusive)) {
    breaks.push(
      broken(path, 'bound-tightened', `its least value was ${boundText(wasLow)}, is now ${boundText(nowLow)}`),
    )
  }
  const [wasHigh, nowHigh] = [upperBound(writer), upperBound(reader)]
  if (nowHigh.value < wasHigh.value || (nowHigh.value === wasHigh.value && nowHigh.exclusive && !wasHigh.exclusive)) {
    breaks.push(
      broken(path, 'bound-tightened', `its greatest value was ${boundText(wasHigh)}, is now ${boundText(nowHigh)}`),
    )
  }
  if (reader['multipleOf'] !== undefined && !isMultiple(written, values, reader['multipleOf'])) {
    breaks.push(broken(path, 'bound-tightened', `must be a multiple of ${valueText(reader['multipleOf'])} now`))
  }
  return breaks
}

function isMultiple(written: Keywords, values: readonly number[] | undefined, step: unknown): boolean {
  if (sameJson(written['multipleOf'], step)) return true
  if (!Number.isSafeInteger(step)) return false
  const divides = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) % (step as number) === 0
  return values === undefined ? divides(written['multipleOf']) : values.every(divides)
}

export function textBreaks(written: Keywords, reader: Keywords, path: string): SchemaBreak[] {
  const values = finiteValues(written, undefined)?.filter((value) => typeof value === 'string')
  if (values?.length === 0) return []
  const writer = values === undefined ? written : boundsOfValues(values)
  const breaks = limitBreaks(writer, reader, path, 'minLength', 'maxLength', 'length')
  const { pattern, format } = reader
  if (pattern !== undefined && !sameJson(pattern, written['pattern']) && !allMatch(values, pattern)) {
    breaks.push(broken(path, 'pattern-changed', `must match ${valueText(pattern)} now`))
  }
  if (format !== undefined && !sameJson(format, written['format'])) {
    breaks.push(broken(path, 'format-changed', `must be a ${valueText(format)} now`))
  }
  return breaks
}

function allMatch(values: readonly string[] | undefined, pattern: unknown): boolean {
  try {
    const expression = new RegExp(String(pattern), 'u')
    return values !== undefined && values.every((value) => expression.test(value))
  } catch {
    return false
  }
}

/** A least and a most of something that is counted: characters, items, properties. */
export function limitBreaks(
  written: Keywords,
  reader: Keywords,
  path: string,
  least: string,
  most: string,
  what: string,
): SchemaBreak[] {
  const breaks: SchemaBreak[] = []
  const [wasLeast, nowLeast] = [numberOf(written[least], 0), numberOf(reader[least], 0)]
  if (nowLeast > wasLeast) {
    breaks.push(broken(path, 'bound-tightened', `its least ${what} was ${wasLeast}, is now ${nowLeast}`))
  }
  const [wasMost, nowMost] = [numberOf(written[most], Infinity), numberOf(reader[most], Infinity)]
  if (nowMost < wasMost) {
    const was = wasMost === Infinity ? 'not limited' : wasMost
    breaks.push(broken(path, 'bound-tightened', `its greatest ${what} was ${was}, is now ${nowMost}`))
  }
  return breaks
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function boundText({ value, exclusive }: Bound): string {
  if (!Number.isFinite(value)) return 'not limited'
  return exclusive ? `${value} (exclusive)` : `${value}`
}
