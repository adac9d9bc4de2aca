/**
 * Every request that is sent, with the versions of it that can be sent, newest first. Which one goes to a broker is decided by what that
 * broker says it knows, for each connection: brokers of one cluster differ while it is being upgraded.
 * @module
 */
import { answerOf } from './broker-errors.ts'
import type { Client, Connection } from './client.ts'

/** Requests that brokers of every supported release know (2.8 and newer). */
const everywhere = {
  Produce: ['produceV9'],
  Fetch: ['fetchV12'],
  ListOffsets: ['listOffsetsV7', 'listOffsetsV6'],
  Metadata: ['metadataV12', 'metadataV11', 'metadataV10'],
  OffsetCommit: ['offsetCommitV9', 'offsetCommitV8'],
  OffsetFetch: ['offsetFetchV9', 'offsetFetchV8', 'offsetFetchV7'],
  FindCoordinator: ['findCoordinatorV4', 'findCoordinatorV3'],
  JoinGroup: ['joinGroupV9', 'joinGroupV8', 'joinGroupV7'],
  Heartbeat: ['heartbeatV4'],
  LeaveGroup: ['leaveGroupV5', 'leaveGroupV4'],
  SyncGroup: ['syncGroupV5'],
  DescribeGroups: ['describeGroupsV5'],
  ListGroups: ['listGroupsV5', 'listGroupsV4'],
  CreateTopics: ['createTopicsV7'],
  DeleteTopics: ['deleteTopicsV6'],
  InitProducerId: ['initProducerIdV4'],
  AddPartitionsToTxn: ['addPartitionsToTxnV3'],
  AddOffsetsToTxn: ['addOffsetsToTxnV3'],
  TxnOffsetCommit: ['txnOffsetCommitV3'],
  EndTxn: ['endTxnV3'],
  DescribeConfigs: ['describeConfigsV4'],
  IncrementalAlterConfigs: ['incrementalAlterConfigsV1'],
} as const satisfies Table

/** Requests that only newer brokers know; what needs them is done otherwise on the others. */
const onNewer = {
  ConsumerGroupHeartbeat: ['consumerGroupHeartbeatV1'],
  ConsumerGroupDescribe: ['consumerGroupDescribeV0'],
} as const satisfies Table

/** By the name of the request, what the client calls its versions. */
type Table = Readonly<Record<string, readonly (keyof Client)[]>>

export type RequestName = keyof typeof everywhere
export type NewerRequestName = keyof typeof onNewer
export type KafkaRequest<Name extends RequestName> = Client[(typeof everywhere)[Name][number]]['api']
export type NewerKafkaRequest<Name extends NewerRequestName> = Client[(typeof onNewer)[Name][number]]['api']

/** The number of a request and its versions that can be sent. */
export function versionsOf(client: Client): Readonly<Record<RequestName, readonly Versioned[]>> {
  const entries = Object.entries(everywhere).map(([name, versions]) => [name, versions.map((each) => client[each].api)])
  return Object.fromEntries(entries) as Record<RequestName, Versioned[]>
}

/** Versions of one request, both ends included. */
export interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

export interface Versioned {
  readonly key: number
  readonly version: number
}

/** What the brokers at the other ends of connections know. Each is asked once for each connection, when it first matters. */
export class Negotiation {
  readonly #client: Client
  readonly #known = new WeakMap<Connection, Promise<ReadonlyMap<number, VersionRange>>>()

  constructor(client: Client) {
    this.#client = client
  }

  /** The newest version that both ends know; the oldest of ours when there is none, which the broker then refuses. */
  async pick<Name extends RequestName>(connection: Connection, name: Name): Promise<KafkaRequest<Name>> {
    const versions = everywhere[name].map((each) => this.#client[each].api as KafkaRequest<Name>)
    return versions.length === 1 ? versions[0]! : (newest(versions, await this.known(connection)) ?? versions.at(-1)!)
  }

  /** Undefined when this broker does not know the request. */
  async pickNewer<Name extends NewerRequestName>(
    connection: Connection,
    name: Name,
  ): Promise<NewerKafkaRequest<Name> | undefined> {
    const versions = onNewer[name].map((each) => this.#client[each].api as NewerKafkaRequest<Name>)
    return newest(versions, await this.known(connection))
  }

  /** Ranges by the number of the request. */
  known(connection: Connection): Promise<ReadonlyMap<number, VersionRange>> {
    let known = this.#known.get(connection)
    if (known === undefined) {
      known = answerOf(this.#client.apiVersionsV3.api.async(connection, 'veltrix', '1')).then(
        ({ apiKeys }) => new Map(apiKeys.map((api) => [api.apiKey, api])),
      )
      known.catch(() => this.#known.delete(connection))
      this.#known.set(connection, known)
    }
    return known
  }
}

function newest<Each extends Versioned>(
  versions: readonly Each[],
  known: ReadonlyMap<number, VersionRange>,
): Each | undefined {
  return versions.find(({ key, version }) => covers(known.get(key), version))
}

export function covers(range: VersionRange | undefined, version: number): boolean {
  return range !== undefined && range.minVersion <= version && version <= range.maxVersion
}
