/**
 * From a dead record to the compact entry the index holds.
 * @module
 */
import { keyText } from '../event/index.ts'
import { groupOf } from './fingerprint.ts'
import { letterId, type IndexedLetter } from './letter.ts'
import type { KeptLetter } from './letter-record.ts'
import { utf8 } from './record-headers.ts'
import { readStory } from './story.ts'

const maxMessageLength = 300
const maxShared = 4096

/** Makes index entries; texts that repeat (types, lanes, messages) are held once. */
export class LetterIndexer {
  readonly #shared = new Map<string, string>()

  entryOf(letter: KeptLetter): IndexedLetter {
    const { kind, reason, attempts, firstAttemptAt, lastAttemptAt, deadAt, policy, deadOffset, bytes, replacedFrom } =
      letter
    const origin = { ...letter.origin, topic: this.#share(letter.origin.topic) }
    const first = readStory(letter.storyJson)?.chain[0]
    return {
      id: letterId(origin),
      kind,
      status: kind,
      reason: this.#share(reason) as IndexedLetter['reason'],
      key: keyText(letter.key),
      origin,
      lane: this.#share(letter.lane),
      stream: this.#share(letter.stream),
      type: this.#share(headerText(letter, 'ce_type')),
      eventId: headerText(letter, 'ce_id'),
      attempts,
      firstAttemptAt,
      lastAttemptAt,
      deadAt,
      deadOffset,
      ...(replacedFrom !== undefined && { replacedFrom }),
      group: this.#share(groupOf({ reason, ...(first && { errorName: first.name, errorMessage: first.message }) })),
      ...(first && {
        errorName: this.#share(first.name),
        errorMessage: this.#share(first.message.slice(0, maxMessageLength)),
      }),
      policy,
      bytes,
    }
  }

  #share(text: string): string {
    const held = this.#shared.get(text)
    if (held !== undefined) return held
    if (this.#shared.size >= maxShared) this.#shared.clear()
    this.#shared.set(text, text)
    return text
  }
}

function headerText(letter: KeptLetter, name: string): string {
  const value = letter.headers.findLast((pair) => pair[0] === name)?.[1]
  return value === undefined ? '' : utf8(value)
}
