/**
 * Rules about when a handler may start: order by key, one at a time, nothing again that is known to be done.
 * @module
 */
import type { Rule } from './judge.ts'

const order: Rule = (world, entry, violate) => {
  if (entry.kind !== 'start') return
  const sub = world.subscriptions.get(entry.subscription)!
  const partition = sub.partition(entry.topic, entry.partition)
  const row = partition.rows[entry.offset]
  if (!row) return violate('order', `#${entry.run} runs an event that is not in the log`)
  if (!world.isLive(partition, entry.client)) return
  // Under `continue` a redrive comes when it is asked for.
  if (entry.redriven && sub.facts.policy === 'continue') return
  for (const earlier of partition.byKey.get(row.key)!) {
    if (earlier.offset >= row.offset) return
    if (sub.isPassed(earlier)) continue
    const rule = earlier.letter ? 'parked order' : 'order'
    violate(rule, `#${entry.run} starts ${row.offset} of key ${row.key} before ${earlier.offset} is over`)
    return
  }
}

const overlap: Rule = (world, entry, violate) => {
  if (entry.kind !== 'start') return
  const partition = world.subscriptions.get(entry.subscription)!.partition(entry.topic, entry.partition)
  const row = partition.rows[entry.offset]
  if (!row || !world.isLive(partition, entry.client)) return
  for (const [run, running] of partition.running) {
    if (running.row.key === row.key) violate('overlap', `#${entry.run} starts while #${run} of key ${row.key} runs`)
  }
}

/** An aborted handler has this long at least before its partition may be given up under it. */
const abortGraceMs = 1_000

/** Who hands a partition over has let its handlers end, or at least has waited for them. (`expired`, `expelled`: nobody was asked.) */
const handover: Rule = (world, entry, violate) => {
  if (entry.kind !== 'owner' || (entry.change !== 'released' && entry.change !== 'left')) return
  const partition = world.ofGroup(entry.group)?.partition(entry.topic, entry.partition)
  for (const [run, { row, at }] of partition?.running ?? []) {
    if (entry.at - at >= abortGraceMs) continue
    violate('overlap', `${entry.topic}/${entry.partition} is handed over while #${run} of key ${row.key} runs`)
  }
}

const again: Rule = (world, entry, violate) => {
  if (entry.kind !== 'start') return
  const partition = world.subscriptions.get(entry.subscription)!.partition(entry.topic, entry.partition)
  const row = partition.rows[entry.offset]
  if (!row || !world.isLive(partition, entry.client)) return
  if (!row.taken) violate('again', `#${entry.run} runs an event the subscription does not take`)
  else if (!entry.redriven && row.claimed) violate('again', `#${entry.run} runs ${row.offset}, stored as done`)
  else if (entry.redriven && row.letter?.ran)
    violate('again', `#${entry.run} runs the letter ${row.offset}, stored as run`)
  else if (!entry.redriven && row.handled && row.handledInEpoch === partition.epoch) {
    violate('again', `#${entry.run} runs ${row.offset}, handled by the same owner`)
  }
}

const duplicate: Rule = (world, entry, violate) => {
  if (entry.kind !== 'start') return
  const row = world.subscriptions.get(entry.subscription)!.row(entry.topic, entry.partition, entry.offset)
  if (row?.repeats?.must)
    violate('duplicate', `#${entry.run} runs ${row.offset}, stored before at ${row.repeats.offset}`)
}

export const orderRules: readonly Rule[] = [order, overlap, handover, again, duplicate]
