/**
 * Where a member begins in partitions that were given to it.
 * @module
 */
import { LogUnavailable, type AssignedPartition, type TopicPartition } from '../../index.ts'
import type { Needs } from '../access.ts'
import { errorOfCode } from '../broker-errors.ts'
import type { Cluster } from '../cluster.ts'
import { code, isGroupChanging } from '../error-codes.ts'
import { offsetsOf } from '../offsets.ts'
import { readPositions, storePositions, type MemberIdentity, type Position } from './committed.ts'
import type { Coordinator } from './coordinator.ts'

const nothing = new Uint8Array()

/**
 * The committed positions; where none is, the beginning or the end. An end is written down at once: a member that comes later would find
 * a later end, and skip what lies between.
 */
export async function startPositions<Given extends TopicPartition>(
  cluster: Cluster,
  coordinator: Coordinator,
  member: MemberIdentity,
  places: readonly Given[],
  startAt: 'earliest' | 'latest',
): Promise<readonly (AssignedPartition & Given)[]> {
  if (places.length === 0) return []
  const found = new Map<string, Position>()
  for (const position of await readPositions(cluster, coordinator, places)) found.set(keyOf(position), position)
  const fresh = places.filter((place) => !found.has(keyOf(place)))
  if (fresh.length > 0) {
    const ends = await offsetsOf(cluster, [...new Set(fresh.map(({ topic }) => topic))])
    const begins = new Map(ends.map((each) => [keyOf(each), startAt === 'latest' ? each.end : each.earliest]))
    const positions = fresh.map(({ topic, partition }) => {
      const offset = begins.get(keyOf({ topic, partition }))
      if (offset === undefined) throw new LogUnavailable(`${topic}/${partition} is not there yet.`)
      return { topic, partition, offset, metadata: nothing }
    })
    if (startAt === 'latest') await writeDown(cluster, coordinator, member, positions)
    for (const position of positions) found.set(keyOf(position), position)
  }
  return places.map((place) => {
    const { offset, metadata } = found.get(keyOf(place))!
    return { ...place, committedOffset: offset, metadata }
  })
}

async function writeDown(
  cluster: Cluster,
  coordinator: Coordinator,
  member: MemberIdentity,
  positions: readonly Position[],
): Promise<void> {
  const errorCodes = await storePositions(cluster, coordinator, { ...member }, positions)
  const refused = errorCodes.find((each) => each !== code.none)
  if (refused !== undefined && isGroupChanging(refused)) throw new LogUnavailable('The group is changing.')
  if (refused !== undefined) {
    const needs: Needs = { user: cluster.user, group: ['Read', coordinator.group] }
    throw errorOfCode(refused, `begin at the end in the group "${coordinator.group}"`, { needs })
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`
}
