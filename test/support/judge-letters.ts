/**
 * Rules about what is kept as a dead letter.
 * @module
 */
import { deadHeaders } from '../../src/deadletter/index.ts'
import type { LogRecord } from '../../src/transport/index.ts'
import type { Rule } from './judge.ts'
import { originOf } from './judge-world.ts'

const bytes: Rule = (world, entry, violate) => {
  if (entry.kind !== 'append') return
  for (const sub of world.subscriptions.values()) {
    if (entry.topic !== sub.facts.deadTopic) continue
    const { topic, partition, offset } = originOf(entry.record)
    const owned = sub.partition(topic, partition)
    const row = owned.rows[offset]
    if (!row)
      violate('letter bytes', `the letter ${entry.record.offset} has no original ${topic}/${partition}/${offset}`)
    else if (!keeps(entry.record, row.record)) violate('letter bytes', `the letter of ${offset} differs from its event`)
    else if (!row.letter && row.handled && row.handledInEpoch === owned.epoch && world.isLive(owned, entry.client)) {
      violate('kept though handled', `${topic}/${partition}/${offset} was handled, then kept as dead`)
    }
  }
}

function keeps(letter: LogRecord, original: LogRecord): boolean {
  const headers = [...letter.headers]
  const own = Number(letter.headers.text(deadHeaders.count))
  const left = headers.slice(0, headers.length - own)
  const first = [...original.headers]
  return (
    same(letter.key, original.key) &&
    same(letter.value, original.value) &&
    left.length === first.length &&
    left.every(([name, value], index) => name === first[index]![0] && same(value, first[index]![1]))
  )
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0
}

export const letterRules: readonly Rule[] = [bytes]
