/**
 * Whether a broker knows the requests that are used here.
 * @module
 */
import { LogVersionMismatch } from '../index.ts'
import { answerOf } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'

/** Request, its number, the version that is sent, and since which Kafka it is known. */
const needed = [
  ['Produce', 0, 9, '2.4'],
  ['Fetch', 1, 12, '2.7'],
  ['Metadata', 3, 12, '2.8'],
  ['OffsetCommit', 8, 9, '4.0'],
  ['ConsumerGroupHeartbeat', 68, 1, '4.0'],
] as const

/** @throws LogVersionMismatch, LogUnavailable */
export async function checkVersions(cluster: Cluster): Promise<void> {
  const answer = await cluster.askAny('reach the cluster', (connection) =>
    answerOf(cluster.client.apiVersionsV3.api.async(connection, 'veltrix', '1')),
  )
  for (const [name, apiKey, version, since] of needed) {
    const known = answer.apiKeys.find((api) => api.apiKey === apiKey)
    if (known !== undefined && known.minVersion <= version && version <= known.maxVersion) continue
    const has = known === undefined ? 'none' : `${known.minVersion} to ${known.maxVersion}`
    throw new LogVersionMismatch(
      `The broker does not know version ${version} of ${name} (it knows ${has}). Kafka ${since} or newer is needed for it.`,
    )
  }
}
