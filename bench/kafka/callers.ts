/**
 * Callers that publish one event after another.
 * @module
 */
import { percentile, rateSince } from '../statistics.ts'
import type { PublishFigures, PublishTask } from './task.ts'

/** `callers` of them, each waiting for its answer before the next. @param publish the event of this number */
export async function callAtOnce(
  { warmUp, events, callers }: PublishTask,
  publish: (index: number) => Promise<unknown>,
): Promise<PublishFigures> {
  await publishAll(0, warmUp, callers, publish)
  const startedAt = performance.now()
  const latencies = await publishAll(warmUp, warmUp + events, callers, publish)
  return { rate: rateSince(events, startedAt), p99Ms: percentile(latencies, 0.99) }
}

async function publishAll(
  from: number,
  to: number,
  callers: number,
  publish: (index: number) => Promise<unknown>,
): Promise<number[]> {
  const latencies: number[] = []
  let next = from
  const caller = async (): Promise<void> => {
    while (next < to) {
      const calledAt = performance.now()
      await publish(next++)
      latencies.push(performance.now() - calledAt)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return latencies
}
