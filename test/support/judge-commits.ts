/**
 * Rules about what is stored as done, and about the end of a run.
 * @module
 */
import { decodeCommitState } from '../../src/worker/commit-state.ts'
import { leftToDo } from './judge-world.ts'
import type { Rule } from './judge.ts'

const ahead: Rule = (world, entry, violate) => {
  if (entry.kind !== 'commit') return
  const sub = world.ofGroup(entry.group)
  if (!sub) return
  const { rows, position } = sub.partition(entry.topic, entry.partition)
  const place = `${entry.topic}/${entry.partition}`
  if (entry.offset < position) violate('commit back', `${place} goes back from ${position} to ${entry.offset}`)
  if (entry.offset > rows.length) violate('commit ahead', `${place} at ${entry.offset}, beyond its end ${rows.length}`)
  const state = decodeCommitState(entry.offset, entry.metadata)
  for (let at = Math.min(position, entry.offset); at < rows.length; at++) {
    const row = rows[at]!
    if (sub.isDone(row)) continue
    if (at < entry.offset) violate('commit ahead', `${place} at ${entry.offset}, but ${at} is not done`)
    else if (state.isDone(at, row.key)) violate('commit ahead', `${place}: the metadata says ${at} is done`)
  }
}

const finish: Rule = (world, entry, violate) => {
  if (entry.kind !== 'finish') return
  if (!entry.drained) violate('stuck', leftToDo(world) ?? 'a worker did not drain')
  for (const sub of world.subscriptions.values()) {
    for (const [place, partition] of sub.partitions) {
      for (const row of partition.rows) {
        const lost = !sub.isDone(row) && (entry.drained || row.claimed)
        if (lost) violate('lost', `${sub.facts.name}: ${place}/${row.offset} was neither handled nor kept`)
      }
    }
  }
}

const effects: Rule = (world, entry, violate) => {
  if (entry.kind !== 'effect') return
  if (world.subscriptions.get(entry.subscription)!.effects.has(entry.id)) {
    violate('effect twice', `${entry.subscription} did its effect of ${entry.id} again`)
  }
}

export const commitRules: readonly Rule[] = [ahead, finish, effects]
