/**
 * Disks of brokers, and how an embedded log grows.
 * @module
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrokerHealth } from '../../transport/index.ts'
import { bytes, plural, span } from '../format.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

const GiB = 1024 ** 3
const dayMs = 86_400_000
/** A disk below this is soon full at the rates Kafka is used for. */
const littleBytes = 5 * GiB
const littleShare = 0.1
const leastBytes = GiB / 4

export function diskFindings(brokers: readonly BrokerHealth[]): Finding[] {
  const disks = brokers.flatMap(({ id, disks: own }) => (own ?? []).map((disk) => ({ ...disk, broker: id })))
  if (disks.length === 0) return []
  const mend = 'Make room, shorten the retention of the streams, or move partitions to other brokers.'
  const findings = disks.flatMap(({ broker, path, isWell, freeBytes, totalBytes }) => {
    const where = `broker ${broker}, ${path}`
    if (!isWell)
      return [wrong('disk', `${where}: the broker cannot use it`, 'Look at the disk; then restart the broker.')]
    if (freeBytes === undefined) return []
    const free = `${where}: ${bytes(freeBytes)} free`
    if (freeBytes < leastBytes) return [wrong('disk', free, `${mend} A broker with a full disk stops.`)]
    const isLittle = freeBytes < littleBytes || freeBytes < (totalBytes ?? 0) * littleShare
    return isLittle ? [warn('disk', free, mend)] : []
  })
  if (findings.length > 0) return findings
  const least = Math.min(...disks.map(({ freeBytes }) => freeBytes ?? Infinity))
  const used = disks.reduce((sum, disk) => sum + disk.usedBytes, 0)
  const free = Number.isFinite(least)
    ? `at least ${bytes(least)} free on each`
    : 'free space not told (before Kafka 3.3)'
  return [ok('disk', `${plural(disks.length, 'disk')} of the brokers, ${bytes(used)} of topics, ${free}`)]
}

/**
 * What an embedded log takes, and what it grew by a day on average since its oldest event that is kept.
 * @param oldest wall-clock time of that event; undefined where there is none
 */
export async function growth(
  directory: string,
  freeBytes: number,
  { oldest, now }: { oldest: number | undefined; now: number },
): Promise<Finding> {
  const sizes = ['log.db', 'log.db-wal'].map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  const size = (await Promise.all(sizes)).reduce((sum, each) => sum + each, 0)
  const ageMs = oldest === undefined ? 0 : now - oldest
  // Of minutes, nothing can be said about days.
  if (ageMs < dayMs / 24) return ok('growth', `the log takes ${bytes(size)}`)
  const perDay = size / (ageMs / dayMs)
  const says = `the log takes ${bytes(size)} for ${span(ageMs)} of events: ${bytes(perDay)} a day on average`
  if (perDay < freeBytes) return ok('growth', says)
  return warn(
    'growth',
    `${says}, more than the ${bytes(freeBytes)} that are free`,
    'Make room, or shorten the retention of the streams.',
  )
}
