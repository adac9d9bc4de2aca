/**
 * Ids of the events that were last read of one partition, each with a digest of what it was. Ids are kept as they are: a hash of
 * them could take two events for one. Pure bookkeeping.
 * @module
 */
import { crc32 } from 'node:zlib'
import { decodeEvent, eventType, headerNames } from '../event/index.ts'
import type { LogRecord } from '../transport/index.ts'

/** What of a record says which event it is. */
export interface Identity {
  readonly source: string
  readonly id: string
  /** Of type, key and payload. It is compared under one id only, so 32 bits tell two events apart. */
  readonly digest: number
  readonly offset: number
}

/** What was read before under an id. */
export interface Earlier {
  readonly offset: number
  /** Type, key or payload differ: it is another event under the same id. */
  readonly conflict: boolean
}

/** Longer ids, on average, make it keep fewer of them: memory is what is bounded. */
const usualIdLength = 64

/** Ids read in one go; dropped as a whole, for a table from which one is taken with every event leaves much garbage. */
interface Generation {
  /** Places in the two lists. */
  readonly places: Map<string, number>
  readonly offsets: number[]
  readonly digests: number[]
  characters: number
}

export class RecentIds {
  private readonly maxIds: number
  private current = newGeneration()
  private previous = newGeneration()
  /** The first source seen, mostly the only one: its ids stand for themselves. */
  private home: string | undefined

  /** @param maxIds so many are remembered at least, twice as many at most */
  constructor(maxIds: number) {
    this.maxIds = maxIds
  }

  /** Takes in the partition's next event and tells what was read under its id before. */
  take({ source, id, digest, offset }: Identity): Earlier | undefined {
    this.home ??= source
    // NUL is in no source, and begins no id that stands for itself.
    const name = source === this.home && id.charCodeAt(0) !== 0 ? id : `\0${source}\0${id}`
    const found = earlierIn(this.current, name, digest) ?? earlierIn(this.previous, name, digest)
    this.remember(name, digest, offset)
    return found
  }

  private remember(name: string, digest: number, offset: number): void {
    if (this.current.offsets.length >= this.maxIds || this.current.characters >= this.maxIds * usualIdLength) {
      this.previous = this.current
      this.current = newGeneration()
    }
    const { places, offsets, digests } = this.current
    places.set(name, offsets.length)
    this.current.characters += name.length
    offsets.push(offset)
    digests.push(digest)
  }
}

function newGeneration(): Generation {
  return { places: new Map(), offsets: [], digests: [], characters: 0 }
}

function earlierIn(generation: Generation, name: string, digest: number): Earlier | undefined {
  const place = generation.places.get(name)
  if (place === undefined) return undefined
  return { offset: generation.offsets[place]!, conflict: generation.digests[place] !== digest }
}

/** Undefined for a record without an id, or with one that is not UTF-8: it is no event that could be told from another. */
export function identityOf(record: LogRecord): Identity | undefined {
  const { id, source, type } = attributesIn(record.headers)
  if (id === undefined) return structuredIdentity(record)
  if (source === undefined || isLossy(id) || isLossy(source) || source.includes('\0')) return undefined
  return { source, id, digest: digestOf(record, type ?? ''), offset: record.offset }
}

/** Of an event in structured content mode, whose attributes are in its value: few are written so, and only those are read for it. */
function structuredIdentity(record: LogRecord): Identity | undefined {
  if (eventType(record) === undefined) return undefined
  try {
    const { id, source, type } = decodeEvent(record)
    return { source, id, digest: digestOf(record, type), offset: record.offset }
  } catch {
    // Not an event after all: a dead letter will say why.
    return undefined
  }
}

interface Attributes {
  id: string | undefined
  source: string | undefined
  type: string | undefined
}

/** Of the record looked at: this is done for every record that is read, so nothing is made for it. */
const found: Attributes = { id: undefined, source: undefined, type: undefined }

/** What it gives is overwritten by the next call. */
function attributesIn(headers: LogRecord['headers']): Readonly<Attributes> {
  found.id = found.source = found.type = undefined
  if (headers.eachText) headers.eachText(find)
  else for (const name of wanted) find(name, headers.text(name))
  return found
}

const wanted = [headerNames.id, headerNames.source, headerNames.type]

function find(name: string, text: string | undefined): void {
  if (name === headerNames.id) found.id = text
  else if (name === headerNames.source) found.source = text
  else if (name === headerNames.type) found.type = text
}

/** Decoding put U+FFFD where bytes were no UTF-8: two different ids may look the same. */
function isLossy(text: string): boolean {
  return text.includes('\uFFFD')
}

let lastType = ''
let typeDigest = 0

function digestOf({ key, value }: LogRecord, type: string): number {
  // Neighbours mostly share it.
  if (type !== lastType) {
    typeDigest = crc32(type)
    lastType = type
  }
  const keyed = key === null ? typeDigest : crc32(key, (typeDigest ^ key.length) >>> 0)
  return (value === null ? ~keyed : crc32(value, keyed)) | 0
}
