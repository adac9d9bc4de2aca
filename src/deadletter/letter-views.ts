/**
 * Views of the unresolved letters by partition: chains of parked keys, and what is being redriven.
 * @module
 */
import { Chain } from './chain.ts'
import type { IndexedLetter, LetterOrigin } from './letter.ts'
import type { LetterState, LetterWatcher } from './letter-states.ts'

interface PartitionView {
  /** Of keys under `park-key`. */
  readonly chains: Map<string, Chain>
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
    if (chain) return chain.add(letter)
    const first = new Chain()
    first.add(letter)
    view.chains.set(letter.key, first)
  }

  replaced(letter: LetterState): void {
    const view = this.#viewFor(letter.origin)
    if (letter.status === 'redriving') view.redriving.set(letter.origin.offset, letter)
    else view.redriving.delete(letter.origin.offset)
    view.chains.get(letter.key)?.replace(letter)
  }

  removed(letter: LetterState): void {
    const view = this.#viewFor(letter.origin)
    view.redriving.delete(letter.origin.offset)
    const chain = view.chains.get(letter.key)
    if (chain === undefined) return
    chain.remove(letter)
    if (chain.size === 0) view.chains.delete(letter.key)
  }

  /** A copy: with many followers rather ask for the head. */
  chain(topic: string, partition: number, key: string): readonly IndexedLetter[] {
    return this.#view(topic, partition)?.chains.get(key)?.list() ?? nothing
  }

  /** The earliest letter of a parked key. */
  head(topic: string, partition: number, key: string): IndexedLetter | undefined {
    return this.#view(topic, partition)?.chains.get(key)?.first
  }

  /** The earliest letter of every parked key. */
  *heads(): Generator<IndexedLetter> {
    for (const { chains } of this.#partitions.values()) for (const chain of chains.values()) yield chain.first!
  }

  /** How many letters of its key wait behind this one. */
  followersOf(letter: IndexedLetter): number {
    if (letter.policy !== 'park-key') return 0
    return this.#view(letter.origin.topic, letter.origin.partition)?.chains.get(letter.key)?.behind(letter) ?? 0
  }

  /** The earliest letter of the same parked key; the letter itself when it is the earliest, or its key is not parked. */
  headOf(letter: IndexedLetter): IndexedLetter {
    if (letter.policy !== 'park-key') return letter
    return this.head(letter.origin.topic, letter.origin.partition, letter.key) ?? letter
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
