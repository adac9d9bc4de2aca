/**
 * JSON as it comes over the network: bounded before it is parsed, and never taken for something else than it says.
 * @module
 */
import type { Clock } from '../clock.ts'
import { fromJson } from '../event/index.ts'
import { RequestRefused } from './errors.ts'
import { maxDepth, Outline } from './json-outline.ts'

/** Told how many marks (`[`, `{`, commas and colons outside of texts) there are, before they are parsed; throws when there is no room. */
export type Weigh = (marks: number) => void

export interface JsonLimits {
  /** Fields of objects and entries of lists in one event. */
  readonly maxValues: number
  readonly weigh?: Weigh
}

/** @throws RequestRefused for what is not JSON in UTF-8, too deep, of too many values, a field twice or a number that would be altered, and what `weigh` throws */
export function jsonBody(bytes: Uint8Array, { maxValues, weigh }: JsonLimits): unknown {
  refuseMark(bytes)
  const outline = new Outline()
  for (let at = 0; at < bytes.length;) {
    at = outline.read(bytes, at, Math.min(bytes.length, at + pieceBytes))
    if (outline.isTooDeep) throw tooDeep()
    if (outline.values > maxValues) throw tooManyValues(maxValues)
    // A bracket or comma too many, which the parser will tell of.
    if (outline.isEnded) break
  }
  weigh?.(outline.marks)
  return parsed(bytes, outline)
}

export interface ListLimits extends JsonLimits {
  readonly maxEntries: number
  /** Of one entry. */
  readonly maxBytes: number
  /** Others get their turn in between. */
  readonly clock: Pick<Clock, 'yield'>
}

/** Bytes that are read, or parsed, before others get their turn: some tenths of a millisecond of work, or 2 ms where each byte is a mark. */
const pieceBytes = 32 * 1024

/**
 * The entries of a list, parsed some at a time. One that is too large or has too many values is an error in its place.
 * @throws RequestRefused as `jsonBody`, and when it is no list or has more than `maxEntries`
 */
export async function jsonList(bytes: Uint8Array, limits: ListLimits): Promise<readonly unknown[]> {
  refuseMark(bytes)
  const { maxEntries, clock } = limits
  let at = afterSpace(bytes, 0)
  if (bytes[at] !== opening) {
    throw new RequestRefused('cloudevent-invalid', 'The body of a batch must be a JSON list of events.')
  }
  const first = afterSpace(bytes, at + 1)
  const reader = new ListReader(bytes, limits)
  if (bytes[first] === closing) at = first
  else {
    do {
      if (reader.count === maxEntries) {
        throw new RequestRefused('too-large', `The batch has more than ${maxEntries} events: send them in several.`)
      }
      at++
      reader.begin(at)
      for (;;) {
        at = reader.read(at)
        if (reader.isEntryRead) break
        await clock.yield()
      }
      if (reader.end(at)) await clock.yield()
    } while (bytes[at] === comma)
    reader.close()
  }
  if (bytes[at] !== closing || afterSpace(bytes, at + 1) < bytes.length) throw notOneList()
  // All of it before any is parsed: what is refused for want of room must leave nothing behind.
  limits.weigh?.(reader.marks)
  const entries: unknown[] = []
  for (const piece of reader.pieces) {
    if (entries.length > 0) await clock.yield()
    for (const entry of piece()) entries.push(entry)
  }
  return entries
}

const opening = 0x5b
const closing = 0x5d
const comma = 0x2c
const brackets = [Buffer.of(opening), Buffer.of(closing)] as const

/** What is known of JSON before it is parsed. */
type Known = Pick<Outline, 'fields' | 'marks' | 'hasLongNumber'>

/** Entries are gathered until a piece is full, to be parsed together, which takes half the time that one by one would. */
class ListReader {
  /** What gives the entries, some at a time, in their order. */
  readonly pieces: (() => readonly unknown[])[] = []
  /** Of all pieces. */
  marks = 0
  readonly #bytes: Uint8Array
  readonly #limits: ListLimits
  /** Entries in the pieces. */
  #count = 0
  /** Of what is gathered. */
  #outline = new Outline(1)
  #from = 0
  #to = 0
  #gathered = 0
  #known: Known = this.#outline
  #entryFrom = 0
  #valuesBefore = 0

  constructor(bytes: Uint8Array, limits: ListLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  /** Entries so far. */
  get count(): number {
    return this.#count + this.#gathered
  }

  /** Otherwise it is longer than a piece. */
  get isEntryRead(): boolean {
    return this.#outline.isEnded
  }

  /** An entry begins at `at`. */
  begin(at: number): void {
    this.#entryFrom = at
    if (this.#gathered === 0) {
      this.#outline = new Outline(1)
      this.#from = at
    }
    const { fields, marks, hasLongNumber, values } = this.#outline
    this.#known = { fields, marks, hasLongNumber }
    this.#valuesBefore = values
  }

  /** Reads on from `at`, a piece at most; where it stopped. @throws RequestRefused when the body ends within the entry */
  read(at: number): number {
    const to = this.#outline.read(this.#bytes, at, Math.min(this.#bytes.length, at + pieceBytes))
    if (this.#outline.isTooDeep) throw tooDeep()
    if (!this.#outline.isEnded && to === this.#bytes.length) throw notOneList()
    return to
  }

  /** The entry ends before `at`; whether that made work. */
  end(at: number): boolean {
    const { maxBytes, maxValues } = this.#limits
    const isTooLarge = at - this.#entryFrom > maxBytes
    if (isTooLarge || this.#outline.values - this.#valuesBefore > maxValues) {
      this.close()
      const tooLarge = new RequestRefused('too-large', `The event is larger than ${maxBytes} bytes.`)
      this.#add(1, () => [isTooLarge ? tooLarge : tooManyValues(maxValues)])
      return true
    }
    this.#known = this.#outline
    this.#gathered++
    this.#to = at
    if (at - this.#from < pieceBytes) return false
    this.close()
    return true
  }

  /** What is gathered is a piece. */
  close(): void {
    if (this.#gathered === 0) return
    const [bytes, known, count] = [this.#bytes.subarray(this.#from, this.#to), this.#known, this.#gathered]
    this.marks += known.marks
    this.#gathered = 0
    this.#add(count, () => {
      const list = parsed(Buffer.concat([brackets[0], bytes, brackets[1]]), known) as readonly unknown[]
      // Nothing between two commas, or after the last.
      if (list.length !== count) throw notOneList()
      return list
    })
  }

  #add(count: number, piece: () => readonly unknown[]): void {
    this.#count += count
    this.pieces.push(piece)
  }
}

function parsed(bytes: Uint8Array, { fields, hasLongNumber }: Known): unknown {
  let value: unknown
  try {
    value = fromJson(bytes)
  } catch (error) {
    throw new RequestRefused('body-invalid', `The body ${(error as Error).message}.`, [], { cause: error })
  }
  if (fieldsOf(value) !== fields) {
    throw new RequestRefused('body-invalid', 'A field of the body is there twice: only one of them could be kept.')
  }
  if (hasLongNumber) refuseAlteredNumbers(bytes)
  return value
}

function refuseMark(bytes: Uint8Array): void {
  if (bytes[0] !== 0xef || bytes[1] !== 0xbb || bytes[2] !== 0xbf) return
  throw new RequestRefused(
    'body-invalid',
    'The body begins with a byte order mark, which JSON does not have: leave it out.',
  )
}

function tooDeep(): RequestRefused {
  return new RequestRefused('body-invalid', `The body is nested deeper than ${maxDepth} levels.`)
}

function tooManyValues(maxValues: number): RequestRefused {
  return new RequestRefused(
    'too-many-values',
    `The event has more than ${maxValues} values (fields of objects, entries of lists): send it in parts, or as text.`,
  )
}

function notOneList(): RequestRefused {
  return new RequestRefused(
    'body-invalid',
    'The body is not JSON: the list of events does not end where the body does.',
  )
}

/** The first byte from `at` on that JSON does not pass over. */
function afterSpace(bytes: Uint8Array, at: number): number {
  let byte = bytes[at]
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at]
  return at
}

/** Fields of all objects in it; fewer than are written when one is there twice. Not deeper than `maxDepth`. */
function fieldsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  if (Array.isArray(value)) {
    for (const each of value as readonly unknown[]) sum += fieldsOf(each)
    return sum
  }
  for (const name in value) sum += 1 + fieldsOf((value as Record<string, unknown>)[name])
  return sum
}

/** A number beside what may surround it; texts are taken whole, so that digits in them are none. */
const textOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** 2^53 + 1 would become 2^53, and 1e400 infinite: whoever wrote it meant something else. */
function refuseAlteredNumbers(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  for (const [found] of text.matchAll(textOrNumber)) {
    if (found.startsWith('"')) continue
    const value = Number(found)
    const isAltered = !Number.isFinite(value) || (/^-?\d+$/.test(found) && !Number.isSafeInteger(value))
    if (!isAltered) continue
    const shown = found.length > 40 ? `${found.slice(0, 40)}...` : found
    throw new RequestRefused(
      'body-invalid',
      `The number ${shown} cannot be kept as it is (integers up to 2^53 - 1 can): send it as text.`,
    )
  }
}
