/**
 * One side publishing into a topic of its own that is like the others', and what it wrote judged.
 * @module
 */
import type { Round } from '../scenario.ts'
import { topicOf } from './app.ts'
import { checkContents } from './contents.ts'
import { publishes } from './side.ts'
import type { SideName } from './sides/index.ts'
import type { PublishFigures } from './task.ts'
import { createTopic, deleteTopicsOf } from './topics.ts'

export interface PublishWork {
  readonly job: 'publishSingle' | 'publishMany'
  readonly events: number
  readonly warmUp: number
  readonly callers: number
}

export async function published(
  { brokers, number }: Round,
  side: SideName,
  { job, events, warmUp, callers }: PublishWork,
): Promise<PublishFigures> {
  const app = `${side}-${job.toLowerCase()}-${number}`
  const topic = topicOf(app)
  if (side !== 'veltrix') await createTopic(brokers, topic)
  const figures = await publishes(side, job, { brokers, app, topic, events, warmUp, callers })
  await checkContents(brokers, topic, warmUp + events)
  await deleteTopicsOf(brokers, app)
  return figures
}
