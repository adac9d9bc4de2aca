/**
 * The canary's own topics: one for each lane, as wide and with as many copies as the widest stream of the lane. No event lies in them.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import type { Log, TopicSpec } from '../transport/index.ts'

export interface CanaryTopic {
  readonly lane: string
  readonly spec: TopicSpec
}

const minute = 60_000
const MiB = 1024 ** 2

/** Names of them begin so. No stream can have such a name. */
export function canaryPrefix(app: string): string {
  return `${app}._canary.`
}

/** One for each lane that a stream has, most urgent first. */
export function canaryTopics(config: CompiledConfig): CanaryTopic[] {
  return config.lanes.flatMap(({ name: lane }) => {
    const streams = [...config.streams.values()].filter(({ topics }) => topics.has(lane))
    if (streams.length === 0) return []
    const copies = most(streams.map(({ settings }) => settings.replicationFactor))
    const inSync = most(streams.map(({ settings }) => settings.minInsyncReplicas))
    const spec: TopicSpec = {
      name: canaryPrefix(config.app) + lane,
      partitions: Math.max(...streams.map(({ partitions }) => partitions)),
      retentionMs: 10 * minute,
      retentionBytes: 16 * MiB,
      // So that records tell the clock of the broker that stored them.
      appendTime: true,
      ...(copies === undefined ? {} : { replicationFactor: copies }),
      ...(inSync === undefined ? {} : { minInsyncReplicas: inSync }),
    }
    return [{ lane, spec }]
  })
}

/** Makes those that are missing, and leaves the others as they are. @throws TopicMismatch, and the transport's errors */
export async function makeCanaryTopics(log: Log, topics: readonly CanaryTopic[]): Promise<void> {
  const { topology } = log.admin
  if (topology === undefined) return log.admin.createTopics(topics.map(({ spec }) => spec))
  const existing = new Set((await log.admin.topics()).map(({ name }) => name))
  for (const { spec } of topics) if (!existing.has(spec.name)) await topology.create(spec)
}

/** Removes every topic of a canary of this application. @returns their names */
export async function removeCanaryTopics(log: Log, app: string): Promise<readonly string[]> {
  const names = (await log.admin.topics()).map(({ name }) => name).filter((name) => name.startsWith(canaryPrefix(app)))
  for (const name of names) await log.admin.deleteTopic(name)
  return names
}

function most(numbers: readonly (number | undefined)[]): number | undefined {
  const said = numbers.filter((each) => each !== undefined)
  return said.length === 0 ? undefined : Math.max(...said)
}
