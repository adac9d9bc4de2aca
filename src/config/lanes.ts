/**
 * Lanes: which there are, in which order, and what each is promised.
 * @module
 */
import type { CompiledLane } from './compiled.ts'
import { checkEntryName } from './names.ts'
import type { Section } from './section.ts'

/** Used when the typed file names none. */
export const defaultLanes = {
  critical: { weight: 8 },
  standard: { weight: 3 },
  bulk: { weight: 1, minShare: 0.05 },
} as const

const maxLanes = 16
/** What no lane goes below outside strict scheduling: without it a lane could starve. */
const leastShare = 0.01

export function compileLanes(root: Section, scheduling: 'weighted' | 'strict'): readonly CompiledLane[] {
  const { problems } = root
  const given = root.section('lanes')
  const lanes: CompiledLane[] = []
  const minShare = scheduling === 'strict' ? 0 : leastShare
  for (const [name] of given.entries()) {
    if (!checkEntryName(name, given.path, problems)) continue
    if (name === 'dead') given.wrong(name, 'is taken: topics of dead letters end with it; choose another name')
    const lane = given.section(name, ['weight', 'minShare'])
    lanes.push({
      name,
      index: lanes.length,
      weight: lane.fraction('weight', { default: 1, min: 0.001, max: 1000 }),
      minShare: lane.fraction('minShare', { default: minShare, min: minShare, max: 1 }),
    })
  }
  if (!root.has('lanes')) return byDefault(minShare)
  if (lanes.length === 0) root.wrong('lanes', 'names no lane; leave it out to have critical, standard and bulk')
  if (lanes.length > maxLanes) root.wrong('lanes', `has ${lanes.length} lanes; at most ${maxLanes} are allowed`)
  const shares = lanes.reduce((sum, lane) => sum + lane.minShare, 0)
  if (shares > 1 + 1e-9) {
    root.wrong(
      'lanes',
      `the minShare of all lanes add up to ${Number(shares.toFixed(3))}; together they can have at most 1`,
    )
  }
  return lanes
}

function byDefault(minShare: number): readonly CompiledLane[] {
  return Object.entries(defaultLanes).map(([name, lane], index) => ({ name, index, minShare, ...lane }))
}
