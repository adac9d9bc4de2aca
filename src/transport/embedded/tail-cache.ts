/**
 * The records appended last, kept packed on the main thread: a consumer at the end of a partition gets them with the
 * notice of the append, without asking the reader thread.
 * @module
 */
import { cutChunk, type PackedChunk } from './record-codec.ts'

const largestBytes = 4 * 1024 * 1024

interface Kept extends PackedChunk {
  readonly key: string
  /** Whether anybody fetched from it. */
  used: boolean
}

export class TailCache {
  readonly #byPartition = new Map<string, Kept[]>()
  readonly #dropped: (key: string) => void
  /** All chunks, oldest first. */
  readonly #order = new Set<Kept>()
  #bytes = 0

  /** @param dropped told when a partition is not kept any more, because nobody fetched its records in time */
  constructor(dropped: (key: string) => void) {
    this.#dropped = dropped
  }

  has(key: string): boolean {
    return this.#byPartition.has(key)
  }

  /** From now on chunks of this partition are kept. */
  begin(key: string): void {
    this.#byPartition.set(key, [])
  }

  add(key: string, chunk: PackedChunk): void {
    const chunks = this.#byPartition.get(key)
    if (chunks === undefined) return
    const last = chunks.at(-1)
    if (last !== undefined && last.base + last.count !== chunk.base)
      for (const old of chunks.splice(0)) this.#forget(old)
    const kept: Kept = { ...chunk, key, used: false }
    chunks.push(kept)
    this.#order.add(kept)
    this.#bytes += kept.bytes.buffer.byteLength
    while (this.#bytes > largestBytes) this.#dropOldest()
  }

  /** Records from `offset` on, as far as they are here; at least one record, then up to `maxBytes`. */
  take(key: string, offset: number, maxBytes: number): PackedChunk[] {
    const chunks = this.#byPartition.get(key)
    if (chunks === undefined || chunks.length === 0 || offset < chunks[0]!.base) return []
    const taken: PackedChunk[] = []
    let left = maxBytes
    for (const chunk of chunks) {
      if (chunk.base + chunk.count <= offset) continue
      const cut = cutChunk(chunk, offset, left)
      if (taken.length > 0 && cut.bytes.length > left) break
      chunk.used = true
      taken.push(cut)
      left -= cut.bytes.length
      if (left <= 0 || cut.base + cut.count < chunk.base + chunk.count) break
    }
    return taken
  }

  end(key: string): void {
    for (const chunk of this.#byPartition.get(key) ?? []) this.#forget(chunk)
    this.#byPartition.delete(key)
  }

  clear(): void {
    this.#byPartition.clear()
    this.#order.clear()
    this.#bytes = 0
  }

  #forget(chunk: Kept): void {
    if (this.#order.delete(chunk)) this.#bytes -= chunk.bytes.buffer.byteLength
  }

  #dropOldest(): void {
    const oldest: Kept = this.#order.values().next().value!
    this.#forget(oldest)
    this.#byPartition.get(oldest.key)!.shift()
    if (oldest.used) return
    // Its consumers have fallen behind: they read from disk until they wait at the end again.
    this.end(oldest.key)
    this.#dropped(oldest.key)
  }
}
