/**
 * Rules about what handlers of subscriptions with `exactlyOnce` publish: once for every event that is done, and not before it is.
 * @module
 */
import type { StagedEvent } from '../../src/worker/index.ts'
import { partitionForKey, type LogRecord } from '../../src/transport/index.ts'
import type { EventPlace } from './history.ts'
import type { Row, SubscriptionWorld } from './judge-world.ts'
import type { Rule } from './judge.ts'

/** Where all of them publish to. Nobody takes from it. */
export const outputTopic = 'sim.out'
export const outputPartitions = 2

/** What a handler publishes: for which event, in a redrive of it or not, and the how manieth. */
export interface Output extends EventPlace {
  readonly redriven: boolean
  readonly nth: number
  readonly run: number
}

/** How many a run publishes that ends well. */
export const outputsOfRun = 2

export function outputEvent(output: Output): StagedEvent {
  const key = Buffer.from(`${output.topic}/${output.partition}`)
  const value = Buffer.from(JSON.stringify(output))
  const partition = partitionForKey(key, outputPartitions)
  const record = { topic: outputTopic, partition, key, value, headers: [], timestamp: 0 }
  return { id: `${output.run}.${output.nth}`, record }
}

export function outputOf(record: LogRecord): Output {
  return JSON.parse(Buffer.from(record.value!).toString()) as Output
}

/** What it counts as: events are done once, and every letter of one may be run once more. */
export function outputName(row: Row, { redriven, nth }: Output): string {
  return `${redriven ? `letter ${row.letter?.deadOffset}` : 'live'} ${nth}`
}

const outputs: Rule = (world, entry, violate) => {
  if (entry.kind !== 'append' || entry.topic !== outputTopic) return
  const output = outputOf(entry.record)
  const row = world.subscriptions.get(output.subscription)!.row(output.topic, output.partition, output.offset)!
  const what = `#${output.run} published for ${output.topic}/${output.partition}/${output.offset}`
  if (row.outputs.has(outputName(row, output))) violate('output twice', `${what}, and that is stored already`)
  if (!output.redriven && !row.claimed) violate('output ahead', `${what}, and it is not stored as done`)
  if (output.redriven && row.letter?.resolved !== true) violate('output ahead', `${what}, whose letter has not ended`)
  const last = row.outputRuns.get(output.run) ?? -1
  if (output.nth !== last + 1) violate('output order', `${what} number ${output.nth} after ${last}`)
}

const finish: Rule = (world, entry, violate) => {
  if (entry.kind !== 'finish') return
  for (const sub of world.subscriptions.values())
    if (sub.facts.exactlyOnce) missing(sub, (text) => violate('output lost', text))
}

function missing(sub: SubscriptionWorld, lost: (text: string) => void): void {
  for (const [place, { rows }] of sub.partitions) {
    for (const row of rows) {
      const isDone = row.taken && row.claimed && row.handled && (row.letter === undefined || row.letter.ran)
      if (isDone && row.outputs.size < outputsOfRun) {
        lost(
          `${sub.facts.name}: what was published for ${place}/${row.offset} is not stored: ${[...row.outputs].join()}`,
        )
      }
    }
  }
}

export const outputRules: readonly Rule[] = [outputs, finish]
