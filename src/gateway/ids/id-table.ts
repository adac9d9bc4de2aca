/**
 * Ids that were stored, each with what was stored under it and where: a ring, in which the oldest leave first, and a table of places in the
 * ring, found by hash. All memory is two pieces taken once, and nothing is made for an event: there is nothing for a collector to walk.
 *
 * An id is the first 128 bits of SHA-256 over source and id, so that nobody can choose two that meet. Two different ones of a million meet
 * by chance once in 2^88 tables.
 * @module
 */
import { hash } from 'node:crypto'

/** Words of an identity. */
export const identityWords = 4

/** What is known of an id. */
export interface Known {
  /** Of type, key and payload. */
  readonly digest: number
  /** Number of its partition. */
  readonly place: number
  readonly offset: number
}

// Words of an entry, after its identity. An offset has 48 bits: at a million records a second, nine years of one partition.
const digestAt = 4
const secondAt = 5
const placeAt = 6
const offsetAt = 7
const entryWords = 8
/** Numbers of partitions share a word with the upper bits of the offset. */
export const maxPlaces = 65_536

/** Writes the identity of `scope` and `id` into `words`, from `at` on. */
export function identify(scope: string, id: string, words: Uint32Array, at: number): void {
  // The length of the scope makes it unambiguous, whatever the two contain.
  const digest = hash('sha256', `${scope.length}:${scope}${id}`, 'buffer')
  for (let word = 0; word < identityWords; word++) words[at + word] = digest.readUInt32LE(word * 4)
}

export class IdTable {
  readonly #maxIds: number
  readonly #windowSeconds: number
  readonly #ring: Uint32Array
  /** 1 + the number of an entry in the ring; 0: free. A power of two, at most half full. */
  readonly #slots: Uint32Array
  readonly #mask: number
  #oldest = 0
  #count = 0
  /** When what was last forgotten before its time was put in, seconds. */
  #lostSecond = -1

  constructor({ maxIds, windowMs }: { readonly maxIds: number; readonly windowMs: number }) {
    this.#maxIds = maxIds
    this.#windowSeconds = windowMs / 1_000
    this.#ring = new Uint32Array(maxIds * entryWords)
    const slots = 2 ** Math.ceil(Math.log2(maxIds * 2))
    this.#slots = new Uint32Array(slots)
    this.#mask = slots - 1
  }

  /** Entries that are held, also those whose time is over and that nothing has taken the place of. */
  get count(): number {
    return this.#count
  }

  /** Bytes of both pieces. */
  get bytes(): number {
    return this.#ring.byteLength + this.#slots.byteLength
  }

  /** For how long back every id is known: the window, or less where there were more ids than are kept. Milliseconds. */
  reachMs(nowMs: number): number {
    const now = secondOf(nowMs)
    if (this.#lostSecond < 0 || now - this.#lostSecond > this.#windowSeconds) return this.#windowSeconds * 1_000
    return (now - this.#ring[this.#oldest * entryWords + secondAt]!) * 1_000
  }

  /** @param nowMs monotonic */
  find(words: Uint32Array, at: number, nowMs: number): Known | undefined {
    const entry = this.#entryOf(words, at, secondOf(nowMs))
    if (entry < 0) return undefined
    const ring = this.#ring
    const base = entry * entryWords
    const place = ring[base + placeAt]!
    return {
      digest: ring[base + digestAt]!,
      place: place >>> 16,
      offset: (place & 0xffff) * 2 ** 32 + ring[base + offsetAt]!,
    }
  }

  /** What is known already stays as it is: the first counts. @param nowMs monotonic, never less than before */
  add(words: Uint32Array, at: number, { digest, place, offset }: Known, nowMs: number): void {
    const now = secondOf(nowMs)
    // Two for one: after a flood, what has expired is gone in time, and no call takes long.
    for (let left = 2; left > 0 && this.#count > 0 && this.#isOver(this.#oldest, now); left--) this.#removeOldest()
    if (this.#entryOf(words, at, now) >= 0) return
    if (this.#count === this.#maxIds) {
      if (!this.#isOver(this.#oldest, now)) this.#lostSecond = this.#ring[this.#oldest * entryWords + secondAt]!
      this.#removeOldest()
    }
    const entry = (this.#oldest + this.#count++) % this.#maxIds
    const ring = this.#ring
    const base = entry * entryWords
    for (let word = 0; word < identityWords; word++) ring[base + word] = words[at + word]!
    ring[base + digestAt] = digest
    ring[base + secondAt] = now
    ring[base + placeAt] = ((place << 16) | Math.floor(offset / 2 ** 32)) >>> 0
    ring[base + offsetAt] = offset % 2 ** 32
    let slot = words[at]! & this.#mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = entry + 1
  }

  /** Its place in the ring, -1 where there is none whose time is not over. */
  #entryOf(words: Uint32Array, at: number, now: number): number {
    for (let slot = words[at]! & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#slots[slot]! - 1
      if (entry < 0) return -1
      const base = entry * entryWords
      if (
        this.#ring[base] === words[at] &&
        this.#ring[base + 1] === words[at + 1] &&
        this.#ring[base + 2] === words[at + 2] &&
        this.#ring[base + 3] === words[at + 3] &&
        !this.#isOver(entry, now)
      )
        return entry
    }
  }

  #isOver(entry: number, now: number): boolean {
    return now - this.#ring[entry * entryWords + secondAt]! > this.#windowSeconds
  }

  #removeOldest(): void {
    const mark = this.#oldest + 1
    let free = this.#ring[this.#oldest * entryWords]! & this.#mask
    while (this.#slots[free] !== mark) free = (free + 1) & this.#mask
    // What lies behind moves up, unless it would come before the slot that its search begins with.
    for (let slot = (free + 1) & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const begin = this.#ring[(this.#slots[slot]! - 1) * entryWords]! & this.#mask
      if (((slot - begin) & this.#mask) < ((slot - free) & this.#mask)) continue
      this.#slots[free] = this.#slots[slot]!
      free = slot
    }
    this.#slots[free] = 0
    this.#oldest = (this.#oldest + 1) % this.#maxIds
    this.#count--
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000)
}
