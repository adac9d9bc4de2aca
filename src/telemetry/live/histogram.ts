/**
 * Latencies counted in buckets whose width grows with the value: bounded memory, quantiles within 1.6 %.
 * @module
 */

/** Buckets per doubling of the value: the width of a bucket is at most 1/64 of its value. */
const perOctave = 64
/** Values are counted in microseconds; up to 2^36 µs (19 hours) they keep their precision, above they count as that. */
const octaves = 36 - 6
const buckets = perOctave * (octaves + 2)

export class Histogram {
  readonly #counts = new Uint32Array(buckets)
  #count = 0
  #max = 0
  #highest = -1

  /** Values recorded. */
  get count(): number {
    return this.#count
  }

  /** The largest value, exactly. Milliseconds. */
  get maxMs(): number {
    return this.#max
  }

  /** Counts one value in milliseconds; below 0 counts as 0. */
  record(ms: number): void {
    const value = ms > 0 ? ms : 0
    const index = bucketOf(Math.round(value * 1000))
    this.#counts[index]!++
    this.#count++
    if (index > this.#highest) this.#highest = index
    if (value > this.#max) this.#max = value
  }

  /** Adds everything `other` counted. */
  add(other: Histogram): void {
    for (let index = 0; index <= other.#highest; index++) this.#counts[index]! += other.#counts[index]!
    this.#count += other.#count
    this.#highest = Math.max(this.#highest, other.#highest)
    this.#max = Math.max(this.#max, other.#max)
  }

  clear(): void {
    this.#counts.fill(0, 0, this.#highest + 1)
    this.#count = 0
    this.#max = 0
    this.#highest = -1
  }

  /** The value below or at which the share `quantile` (0..1) of all values lie, in milliseconds; undefined when there are none. */
  quantile(quantile: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(quantile * this.#count))
    let seen = 0
    for (let index = 0; index <= this.#highest; index++) {
      seen += this.#counts[index]!
      if (seen >= rank) return Math.min(upperBound(index) / 1000, this.#max)
    }
    return this.#max
  }
}

function bucketOf(micros: number): number {
  if (micros < perOctave * 2) return micros
  const octave = Math.min(Math.floor(Math.log2(micros)) - 6, octaves)
  return Math.min(octave * perOctave + Math.floor(micros / 2 ** octave), buckets - 1)
}

/** Largest microseconds a bucket stands for. */
function upperBound(index: number): number {
  if (index < perOctave * 2) return index
  const octave = Math.floor(index / perOctave) - 1
  return (index - octave * perOctave + 1) * 2 ** octave - 1
}
