/**
 * Whether a broker knows the requests that are sent here.
 * @module
 */
import { LogVersionMismatch } from '../index.ts'
import type { Cluster } from './cluster.ts'
import { covers, versionsOf, type VersionRange, type Versioned } from './requests.ts'

/** @throws LogVersionMismatch, LogUnavailable */
export async function checkVersions(cluster: Cluster): Promise<void> {
  const { where, known } = await cluster.askAny('reach the cluster', async (connection) => ({
    where: `${connection.host}:${connection.port}`,
    known: await cluster.negotiation.known(connection),
  }))
  checkKnown(versionsOf(cluster.client), known, where)
}

/**
 * @param where the broker that said so
 * @throws LogVersionMismatch naming every request of which the broker knows none of the versions
 */
export function checkKnown(
  requests: Readonly<Record<string, readonly Versioned[]>>,
  known: ReadonlyMap<number, VersionRange>,
  where: string,
): void {
  const missing = Object.entries(requests).flatMap(([name, versions]) => {
    const has = known.get(versions[0]!.key)
    if (versions.some(({ version }) => covers(has, version))) return []
    const range = has === undefined ? 'none' : `${has.minVersion} to ${has.maxVersion}`
    return [`${name} (needed is ${versions.map(({ version }) => version).join(' or ')}, the broker knows ${range})`]
  })
  if (missing.length === 0) return
  throw new LogVersionMismatch(
    `The broker ${where} does not know the versions of Kafka's requests that are needed: ${missing.join(', ')}. Kafka 2.8 or newer is needed; a broker that knows only newer ones needs a newer Veltrix.`,
  )
}
