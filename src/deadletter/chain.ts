/**
 * The letters of one parked key, in the order of their events.
 * @module
 */
import type { LetterState } from './letter-states.ts'

/** Taking from the front costs nothing: a key with a hundred thousand followers is released one by one. */
export class Chain {
  /** The first `#gone` are not there any more. */
  #letters: (LetterState | undefined)[] = []
  #gone = 0

  get size(): number {
    return this.#letters.length - this.#gone
  }

  get first(): LetterState | undefined {
    return this.#letters[this.#gone]
  }

  add(letter: LetterState): void {
    const place = this.#placeOf(letter.origin.offset)
    if (place === this.#letters.length) this.#letters.push(letter)
    else this.#letters.splice(place, 0, letter)
  }

  remove({ id, origin }: LetterState): void {
    const place = this.#placeOf(origin.offset)
    if (this.#letters[place]?.id !== id) return
    if (place > this.#gone) {
      this.#letters.splice(place, 1)
      return
    }
    this.#letters[this.#gone++] = undefined
    if (this.#gone < 64 || this.#gone * 2 < this.#letters.length) return
    this.#letters.splice(0, this.#gone)
    this.#gone = 0
  }

  replace(letter: LetterState): void {
    const place = this.#placeOf(letter.origin.offset)
    if (this.#letters[place]?.id === letter.id) this.#letters[place] = letter
  }

  /** How many come after this one. */
  behind({ id, origin }: Pick<LetterState, 'id' | 'origin'>): number {
    const place = this.#placeOf(origin.offset)
    return this.#letters[place]?.id === id ? this.#letters.length - place - 1 : 0
  }

  /** A copy, as it is now. */
  list(): LetterState[] {
    return this.#letters.slice(this.#gone) as LetterState[]
  }

  /** Where the letter of this offset is, or belongs: offsets are unique in a partition. */
  #placeOf(offset: number): number {
    let [low, high] = [this.#gone, this.#letters.length]
    if (high > low && this.#letters[high - 1]!.origin.offset < offset) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#letters[middle]!.origin.offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
