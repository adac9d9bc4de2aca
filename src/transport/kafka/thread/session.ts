/**
 * How long a member of a group may be silent. Under the newer protocol that is a setting of the group, under the classic one each member
 * says it; both within bounds of the broker.
 * @module
 */
import { LogUnwritable } from '../../index.ts'
import { answerOf } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import type { Coordinator } from './coordinator.ts'

const ofGroup = 32 as const
const ofBroker = 4 as const
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
  const isSet = await cluster
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
    .then(
      () => true,
      () => false,
    )
  // Not read again: a broker that has not heard of it yet would say what was before, and a member that believes in a longer session than
  // its coordinator holds on to what others are given.
  return isSet ? wantedMs : current
}

async function describe(cluster: Cluster, group: string): Promise<number> {
  const resource = { resourceType: ofGroup, resourceName: group, configurationKeys: [name] }
  const answer = await cluster.askAny(`read the session time-out of the group "${group}"`, (connection) =>
    answerOf(cluster.client.describeConfigsV4.api.async(connection, [resource], false, false)),
  )
  const value = Number(answer.results[0]?.configs.find((config) => config.name === name)?.value)
  return Number.isFinite(value) && value > 0 ? value : 45_000
}

const bounds = ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'] as const

/**
 * For the classic protocol: `wantedMs`, or what of the broker's bounds is nearest to it, after it refused that.
 * @throws LogUnwritable when the bounds cannot be read
 */
export async function sessionWithin(cluster: Cluster, coordinator: Coordinator, wantedMs: number): Promise<number> {
  const nodeId = await coordinator.nodeId()
  const resource = { resourceType: ofBroker, resourceName: `${nodeId}`, configurationKeys: [...bounds] }
  const answer = await coordinator
    .ask((connection) => answerOf(cluster.client.describeConfigsV4.api.async(connection, [resource], false, false)))
    .catch(() => undefined)
  const [leastMs, mostMs] = bounds.map((bound) =>
    Number(answer?.results[0]?.configs.find((config) => config.name === bound)?.value ?? NaN),
  )
  const fittingMs = Math.min(Math.max(wantedMs, leastMs!), mostMs!)
  if (Number.isFinite(fittingMs) && fittingMs !== wantedMs) return fittingMs
  throw new LogUnwritable(
    `The broker refuses worker.sessionTimeout of ${wantedMs} ms for the group "${coordinator.group}": it must lie within the broker's ${bounds.join(' and ')} (6 s and 30 min by default). Choose one that does.`,
  )
}
