/**
 * How long a member of a group may be silent. On Kafka that is a setting of the group, within bounds of the broker.
 * @module
 */
import { answerOf } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'

const ofGroup = 32 as const
const set = 0 as const
const name = 'consumer.session.timeout.ms'

/**
 * Asks for `wantedMs`, and gives what holds then: a broker refuses what is outside its bounds (45 s to 60 s by default,
 * `group.consumer.min.session.timeout.ms`), and who may not alter groups is refused too.
 */
export async function settleSession(cluster: Cluster, group: string, wantedMs: number): Promise<number> {
  const { client } = cluster
  const current = await describe(cluster, group)
  if (current === wantedMs) return current
  await cluster
    .askAny(`set the session time-out of the group "${group}"`, (connection) =>
      client.incrementalAlterConfigsV1.api.async(
        connection,
        [
          {
            resourceType: ofGroup,
            resourceName: group,
            configs: [{ name, configOperation: set, value: `${Math.round(wantedMs)}` }],
          },
        ],
        false,
      ),
    )
    .catch(() => {})
  return describe(cluster, group)
}

async function describe(cluster: Cluster, group: string): Promise<number> {
  const resource = { resourceType: ofGroup, resourceName: group, configurationKeys: [name] }
  const answer = await cluster.askAny(`read the session time-out of the group "${group}"`, (connection) =>
    answerOf(cluster.client.describeConfigsV4.api.async(connection, [resource], false, false)),
  )
  const value = Number(answer.results[0]?.configs.find((config) => config.name === name)?.value)
  return Number.isFinite(value) && value > 0 ? value : 45_000
}
