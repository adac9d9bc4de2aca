/**
 * What the dead topic and the audit topic together say. Pure: records go in, unresolved letters come out, and the outcome
 * is the same however the reading of the two topics interleaves (each in its own order), because nothing here asks which
 * came first: entries say up to where of the dead topic they had `seen`.
 *
 * The rules:
 * 1. A *failure* of an event is told apart from its next one by kind and the time of its first attempt (`deadAt` for one that never ran).
 *    The same failure kept again
 *    (its append was repeated, or the worker died between keeping and committing and resumed its attempts) changes nothing:
 *    an unresolved letter stays as it is, a resolved one stays resolved.
 * 2. Another failure of the same event, kept later in the dead topic, replaces the older one, and shows again when the older
 *    one was resolved before it: the event was run anew (group moved back, or a crash before the first commit) and failed anew.
 * 3. An entry concerns the failures below its `seen`. `redriven`, `released` and `discarded` end them;
 *    `redrive-failed` makes the letter dead again with the new story and more attempts.
 * 4. A *replacement* is the same failure with another payload, kept again by a person. It takes the place of the letter while that is
 *    unresolved, in whatever state it is, and is nothing when it is not: what has seen the failure ends its replacement too, so an event
 *    that was handled, or discarded, meanwhile does not come back.
 * @module
 */
import { groupOf } from './fingerprint.ts'
import type { AuditEntry, IndexedLetter } from './letter.ts'
import { resolves } from './letter.ts'

/** A letter with what the rules need to know. */
export interface LetterState extends IndexedLetter {
  /** This failure's mark, see rule 1. */
  generation: number
  /** Marks of the failures it replaced. */
  older: readonly number[]
}

interface Resolution {
  seen: number
  generations: readonly number[]
}

/** Watches letters come and go, to keep other views of them. */
export interface LetterWatcher {
  added(letter: LetterState): void
  removed(letter: LetterState): void
  /** The same letter in other words. */
  replaced(letter: LetterState): void
}

/** Resolved ids remembered for rule 1, and entries waiting for their letter: the newest this many of each. */
const maxRemembered = 100_000

/** Mark of a failure, see rule 1. What never ran has only the time it was kept. */
export function generationOf(letter: Pick<IndexedLetter, 'kind' | 'attempts' | 'firstAttemptAt' | 'deadAt'>): number {
  const began = letter.attempts > 0 ? letter.firstAttemptAt : letter.deadAt
  return began * 2 + (letter.kind === 'parked' ? 1 : 0)
}

export class LetterStates {
  /** Unresolved letters by id, in the dead topic's order. */
  readonly letters = new Map<string, LetterState>()
  readonly #resolved = new Map<string, Resolution>()
  /** Entries read before the letter they speak of. */
  readonly #early = new Map<string, AuditEntry[]>()
  readonly #watcher: LetterWatcher
  /** Offset of the dead topic up to which letters were put in. */
  seen = 0

  constructor(watcher: LetterWatcher) {
    this.#watcher = watcher
  }

  /** Puts in the next letter of the dead topic. Returns whether it is unresolved and was not known. */
  keep(letter: IndexedLetter): boolean {
    this.seen = letter.deadOffset + 1
    const generation = generationOf(letter)
    const live = this.letters.get(letter.id)
    const ended = live ? undefined : this.#resolved.get(letter.id)
    const known = live ? [...live.older, live.generation] : (ended?.generations ?? [])
    if (live && letter.replacedFrom !== undefined && live.generation === generation) {
      this.#takePlace(live, letter, letter.replacedFrom)
      return false
    }
    if (known.includes(generation)) return false
    if (ended && failedAtOffset(letter) < ended.seen) {
      ended.generations = [...known, generation]
      return false
    }
    if (live) this.#remove(live)
    this.#resolved.delete(letter.id)
    this.#add({ ...letter, generation, older: known })
    const early = this.#early.get(letter.id)
    this.#early.delete(letter.id)
    for (const entry of early ?? []) this.#applyTo(letter.id, entry)
    return this.letters.has(letter.id)
  }

  /** Whether this failure of an event was kept and has been resolved; known of the last that were. */
  hasEnded(id: string, generation: number): boolean {
    return this.#resolved.get(id)?.generations.includes(generation) ?? false
  }

  /** Puts in the next entry of the audit topic. */
  apply(entry: AuditEntry): void {
    for (const id of entry.letters) this.#applyTo(id, entry)
  }

  /** Forgets letters whose record retention has removed: they can be neither shown nor redriven. */
  forgetBelow(deadOffset: number): void {
    for (const letter of this.letters.values()) {
      if (letter.deadOffset >= deadOffset) return
      this.#remove(letter)
    }
  }

  /** Rule 4. It lies at the end of the dead topic now, so it is the last of the letters. */
  #takePlace(live: LetterState, { deadOffset, eventId, bytes }: IndexedLetter, replacedFrom: number): void {
    this.letters.delete(live.id)
    this.#replace({ ...live, deadOffset, eventId, bytes, replacedFrom })
  }

  #applyTo(id: string, entry: AuditEntry): void {
    const live = this.letters.get(id)
    const ended = this.#resolved.get(id)
    const isUnknown = live === undefined && ended === undefined
    if (ended && resolves(entry.action)) ended.seen = Math.max(ended.seen, entry.seen ?? this.seen)
    if (live && (entry.seen === undefined || failedAtOffset(live) < entry.seen)) this.#change(live, entry)
    // A later failure that the writer knew and we have not read yet: the entry is about that one as well.
    if (entry.seen === undefined ? isUnknown : entry.seen > this.seen) this.#keepEarly(id, entry)
  }

  #change(live: LetterState, entry: AuditEntry): void {
    if (resolves(entry.action)) {
      this.#remove(live)
      this.#resolved.set(live.id, { seen: entry.seen ?? this.seen, generations: [...live.older, live.generation] })
      forgetOldest(this.#resolved)
      return
    }
    if (entry.action === 'redrive-requested') this.#replace({ ...live, status: 'redriving' })
    else if (entry.action === 'redrive-failed') this.#replace(failedAgain(live, entry))
  }

  #keepEarly(id: string, entry: AuditEntry): void {
    const early = this.#early.get(id)
    if (early) early.push(entry)
    else this.#early.set(id, [entry])
    forgetOldest(this.#early)
  }

  #replace(next: LetterState): void {
    this.letters.set(next.id, next)
    this.#watcher.replaced(next)
  }

  #add(letter: LetterState): void {
    this.letters.set(letter.id, letter)
    this.#watcher.added(letter)
  }

  #remove(letter: LetterState): void {
    this.letters.delete(letter.id)
    this.#watcher.removed(letter)
  }
}

/** Where the failure was kept, whatever has taken its place. */
function failedAtOffset({ deadOffset, replacedFrom }: IndexedLetter): number {
  return replacedFrom ?? deadOffset
}

function failedAgain(live: LetterState, entry: AuditEntry): LetterState {
  const { name: errorName = live.errorName, message: errorMessage = live.errorMessage } = entry.error?.chain[0] ?? {}
  const reason = entry.failure ?? (live.kind === 'parked' ? 'attempts-exhausted' : live.reason)
  const isAlike = entry.error === undefined && reason === live.reason
  const error = { ...(errorName !== undefined && { errorName }), ...(errorMessage !== undefined && { errorMessage }) }
  return {
    ...live,
    kind: 'dead',
    status: 'dead',
    reason,
    group: isAlike ? live.group : groupOf({ reason, ...error }),
    attempts: live.attempts + (entry.attempts ?? 1),
    lastAttemptAt: entry.at,
    ...error,
    ...(errorMessage !== undefined && { errorMessage: errorMessage.slice(0, 300) }),
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= maxRemembered) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
