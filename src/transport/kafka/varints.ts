/**
 * Numbers of changing length, as they are in records.
 * @module
 */
/** Reads zigzag varints one after the other. Those of records are below 2^53: lengths, deltas of offsets, and of times in milliseconds. */
export class Varints {
  readonly #bytes: Buffer
  place: number

  constructor(bytes: Buffer, place = 0) {
    this.#bytes = bytes
    this.place = place
  }

  /** @throws RangeError when it has more than ten bytes, or the bytes end in it */
  next(): number {
    const bytes = this.#bytes
    let byte = bytes[this.place++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    for (let weight = 128; weight <= 2 ** 63; weight *= 128) {
      byte = bytes[this.place++]!
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new RangeError('a record has a number that does not end')
  }

  /** @returns where what was skipped begins */
  skip(length: number): number {
    const start = this.place
    this.place += length
    return start
  }

  /** A view of as many bytes as the next number says; null where that is -1. */
  bytes(): Buffer | null {
    const length = this.next()
    return length < 0 ? null : this.#bytes.subarray(this.skip(length), this.place)
  }
}
