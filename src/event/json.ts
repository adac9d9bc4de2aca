/**
 * JSON both ways, without anything getting lost or altered on the way: what `JSON.stringify` would drop or bend is refused with its path.
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { EventInvalid, EventTooLarge } from './errors.ts'
import { dataPath } from './payload.ts'
import { utf8Text } from './text.ts'

/** Deeper nesting than this is refused: readers in other languages give up near here, and a cycle never ends. */
const maxDepth = 200

/**
 * `data` as JSON text. Values with `toJSON` (a Date) become what that gives; fields that are `undefined` are left out.
 * @param type for messages
 * @param maxBytes largest JSON, bytes of UTF-8. Checked while walking (as a lower bound), so a huge payload is never built
 * @throws EventInvalid for what JSON cannot carry: undefined, functions, symbols, BigInt, NaN, infinities, cycles, Map, Set, binary, a field named `__proto__`
 * @throws EventTooLarge
 */
export function toJson(data: unknown, type: string, maxBytes: number): string {
  const walk = new Walk(maxBytes)
  let text: string | undefined
  try {
    walk.visit(data, '')
    // A getter or `toJSON` may answer otherwise when it is asked again: then there is no text.
    if (walk.problem === undefined) text = JSON.stringify(data) as string | undefined
    if (text === undefined) {
      const message = walk.problem ?? 'is not the same when it is read again'
      throw new EventInvalid(type, [{ path: dataPath(walk.path), message }])
    }
  } catch (error) {
    if (error === tooLarge) throw new EventTooLarge(type, walk.bytes, maxBytes)
    if (error instanceof EventInvalid) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new EventInvalid(type, [{ path: dataPath(walk.path), message: `cannot be read: ${reason}` }], {
      cause: error,
    })
  }
  if (text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)) {
    throw new EventTooLarge(type, Buffer.byteLength(text), maxBytes)
  }
  return text
}

const tooLarge = Symbol('too large')

/** One pass over a payload: finds the first thing JSON cannot carry, and where; counts bytes from below. */
class Walk {
  /** Lower bound of the JSON's size. */
  bytes = 0
  problem: string | undefined
  /** Where the walk is, and stays once `problem` is set (or something threw). */
  readonly path: PropertyKey[] = []
  readonly #ancestors: object[] = []
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  visit(value: unknown, key: string): void {
    if (++this.bytes > this.#maxBytes) throw tooLarge
    switch (typeof value) {
      case 'string':
        this.bytes += value.length
        if (this.bytes > this.#maxBytes) throw tooLarge
        return
      case 'boolean':
        return
      case 'number':
        if (!Number.isFinite(value)) this.problem = `${value} is not a number in JSON`
        return
      case 'object':
        if (value !== null) this.#object(value, key)
        return
      case 'undefined':
        this.problem = 'is undefined, which JSON does not have (use null)'
        return
      default:
        this.problem = `is a ${typeof value}, which JSON cannot carry`
    }
  }

  #object(value: object, key: string): void {
    if (ArrayBuffer.isView(value)) return this.#refuse(value)
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') {
      if (value instanceof Date && Number.isNaN(value.getTime())) this.problem = 'is an invalid date'
      else this.visit((toJSON as (key: string) => unknown).call(value, key), key)
      return
    }
    if (this.#ancestors.includes(value)) this.problem = 'refers back to what contains it (a cycle)'
    else if (this.#ancestors.length === maxDepth) this.problem = `is nested deeper than ${maxDepth} levels`
    if (this.problem !== undefined) return
    this.#ancestors.push(value)
    if (Array.isArray(value)) this.#list(value)
    else this.#fields(value)
    this.#ancestors.pop()
  }

  #list(list: readonly unknown[]): void {
    for (let index = 0; index < list.length; index++) {
      this.path.push(index)
      this.visit(list[index], '')
      if (this.problem !== undefined) return
      this.path.pop()
    }
  }

  #fields(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      const kind = kindOf(value)
      if (kind === 'Number') return this.visit(Number(value), '')
      if (lostInJson(value, kind)) return this.#refuse(value)
    }
    for (const name of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[name]
      if (field === undefined) continue
      this.path.push(name)
      this.bytes += name.length + 3
      if (name === '__proto__') this.problem = 'is a field name that is not allowed (it changes objects when copied)'
      else this.visit(field, name)
      if (this.problem !== undefined) return
      this.path.pop()
    }
  }

  #refuse(value: object): void {
    this.problem = `is a ${value.constructor?.name ?? 'binary value'}, which JSON cannot carry (convert it first)`
  }
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

const lossy =
  /^(Map|Set|WeakMap|WeakSet|WeakRef|Promise|RegExp|Error|ArrayBuffer|SharedArrayBuffer|Generator|.*Iterator)$/
const plain = /^(Object|String|Boolean|Arguments)$/

/** Built-in objects whose content JSON.stringify silently drops: known ones, and others that show none (Blob, URLSearchParams …). */
function lostInJson(value: object, kind: string): boolean {
  return lossy.test(kind) || (!plain.test(kind) && Object.keys(value).length === 0)
}

/**
 * The value of JSON bytes.
 * @throws Error naming the problem: not UTF-8, not JSON, or a field named `__proto__` (which would change objects when copied)
 */
export function fromJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new Error('is not UTF-8 text')
  const text = utf8Text(bytes)
  const value = parse(text)
  // The quick look also catches spellings with escapes; only then is the price paid of looking at every object.
  if ((text.includes('__proto__') || text.includes(String.raw`\u00`)) && hasProto(value)) {
    throw new Error('has a field named "__proto__"')
  }
  return value
}

/** The parser makes a field of its own of it, wherever it stands. Without recursion: this text may be nested as deep as its sender liked. */
function hasProto(value: unknown): boolean {
  const left = [value]
  while (left.length > 0) {
    const each = left.pop()
    if (typeof each !== 'object' || each === null) continue
    if (Object.hasOwn(each, '__proto__')) return true
    const isList = Array.isArray(each)
    for (const inner of isList ? each : Object.values(each)) if (typeof inner === 'object') left.push(inner)
  }
  return false
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`is not JSON (${error.message})`, { cause: error })
    throw error
  }
}
