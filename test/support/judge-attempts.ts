/**
 * Rules about counting attempts. What may go uncounted: an attempt under way when its owner died, or was cut short; what may be counted
 * without having run: an attempt stored before its start by an owner that died before it started.
 * @module
 */
import { deadHeaders } from '../../src/deadletter/index.ts'
import type { Rule } from './judge.ts'
import { originOf, type PartitionWorld, type Row } from './judge-world.ts'

const counting: Rule = (world, entry, violate) => {
  if (entry.kind !== 'start' || entry.redriven) return
  const sub = world.subscriptions.get(entry.subscription)!
  const { facts } = sub
  const partition = sub.partition(entry.topic, entry.partition)
  const row = partition.rows[entry.offset]
  if (!row || !world.isLive(partition, entry.client)) return
  const say = (text: string): void =>
    violate('attempts', `#${entry.run} of ${row.offset}: attempt ${entry.attempt}${text}`)
  if (entry.attempt > facts.attempts) return say(` of ${facts.attempts}`)
  const [least, most] = expected(row, partition, facts.breaker)
  if (entry.attempt < least) say(`, at least ${least} were to be expected`)
  if (entry.attempt > most) say(`, at most ${most} were to be expected`)
}

function expected(row: Row, partition: PartitionWorld, breaker: boolean): [least: number, most: number] {
  const last = row.starts.at(-1)
  if (last?.epoch === partition.epoch) {
    // Cut short with the rest of its batch, of which another partition went: not an attempt.
    const uncounted = breaker || last.outcome === 'interrupted'
    return [last.attempt + (uncounted ? 0 : 1), last.attempt + 1]
  }
  // A new owner goes on where the stored count ends, and that is at least what came before the last start.
  const inherited = partition.inherited?.attemptsAt(row.offset)?.attempts ?? 0
  return [Math.max(inherited + 1, last?.attempt ?? 1), inherited + 1]
}

const exhausted: Rule = (world, entry, violate) => {
  if (entry.kind !== 'append') return
  for (const sub of world.subscriptions.values()) {
    if (entry.topic !== sub.facts.deadTopic) continue
    const origin = originOf(entry.record)
    const partition = sub.partition(origin.topic, origin.partition)
    const row = partition.rows[origin.offset]
    if (!row || row.letter || !world.isLive(partition, entry.client)) continue
    if (entry.record.headers.text(deadHeaders.reason) !== 'attempts-exhausted') continue
    const { attempts, breaker } = sub.facts
    const told = Number(entry.record.headers.text(deadHeaders.attempts))
    if (told !== attempts) violate('attempts', `${row.offset} is dead after ${told} attempts, not ${attempts}`)
    const allowance = partition.epoch - 1
    const made = row.starts.filter(({ outcome }) => outcome !== 'interrupted').length
    if (made < attempts - allowance) violate('attempts', `${row.offset} is dead; ${made} of ${attempts} were started`)
    if (!breaker && made > attempts + allowance)
      violate('attempts', `${row.offset} was started ${made} times, not ${attempts}`)
  }
}

export const attemptRules: readonly Rule[] = [counting, exhausted]
