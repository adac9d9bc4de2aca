/**
 * Views of the unresolved letters by partition: chains of parked keys, and what is being redriven.
 * @module
 */
import type { IndexedLetter, LetterOrigin } from './letter.ts'
import type { LetterState, LetterWatcher } from './letter-states.ts'

interface PartitionView {
  /** Of keys under `park-key`, in origin offset order. */
  readonly chains: Map<string, LetterState[]>
  readonly redriving: Map<number, LetterState>
}

const nothing: readonly IndexedLetter[] = []

export class LetterViews implements LetterWatcher {
  readonly #partitions = new Map<string, PartitionView>()

  added(letter: LetterState): void {
    const view = this.#viewFor(letter.origin)
    if (letter.status === 'redriving') view.redriving.set(letter.origin.offset, letter)
    if (letter.policy !== 'park-key') return
    const chain = view.chains.get(letter.key)
    if (chain === undefined) view.chains.set(letter.key, [letter])
    else chain.splice(placeIn(chain, letter), 0, letter)
  }

  removed(letter: LetterState): void {
    const view = this.#viewFor(letter.origin)
    view.redriving.delete(letter.origin.offset)
    const chain = view.chains.get(letter.key)
    if (chain === undefined) return
    const place = placeIn(chain, letter)
    if (chain[place]?.id !== letter.id) return
    if (chain.length === 1) view.chains.delete(letter.key)
    else chain.splice(place, 1)
  }

  /** The list itself: it changes with the index. */
  chain(topic: string, partition: number, key: string): readonly IndexedLetter[] {
    return this.#view(topic, partition)?.chains.get(key) ?? nothing
  }

  /** The earliest letter of the same parked key; the letter itself when it is the earliest, or its key is not parked. */
  headOf(letter: IndexedLetter): IndexedLetter {
    if (letter.policy !== 'park-key') return letter
    return this.#view(letter.origin.topic, letter.origin.partition)?.chains.get(letter.key)?.[0] ?? letter
  }

  parkedKeys(topic: string, partition: number): Iterable<string> {
    return this.#view(topic, partition)?.chains.keys() ?? []
  }

  redriving(topic: string, partition: number): readonly IndexedLetter[] {
    const letters = this.#view(topic, partition)?.redriving.values()
    return letters ? [...letters].sort((a, b) => a.origin.offset - b.origin.offset) : nothing
  }

  #view(topic: string, partition: number): PartitionView | undefined {
    return this.#partitions.get(`${topic}/${partition}`)
  }

  #viewFor(origin: LetterOrigin): PartitionView {
    const name = `${origin.topic}/${origin.partition}`
    let view = this.#partitions.get(name)
    if (view === undefined) {
      view = { chains: new Map(), redriving: new Map() }
      this.#partitions.set(name, view)
    }
    return view
  }
}

/** Where in the chain the letter is, or belongs: by origin offset, which is unique in a partition. */
function placeIn(chain: readonly LetterState[], letter: LetterState): number {
  const { offset } = letter.origin
  if (chain.at(-1)!.origin.offset < offset) return chain.length
  let [low, high] = [0, chain.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chain[middle]!.origin.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}
