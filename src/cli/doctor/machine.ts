/**
 * The machine: Node, the clock, the directory of the log and its disk.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bytes, moment } from '../format.ts'
import { leastNode } from '../least-node.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

const GiB = 1024 ** 3
const MiB = 1024 ** 2
/** Nothing was written before this version existed. */
const earliestNow = Date.UTC(2025, 0, 1)

export function nodeVersion(versionText: string): Finding {
  const major = Number(/^v?(\d+)/.exec(versionText)?.[1])
  if (major >= leastNode) return ok('node', `Node ${versionText}`)
  return wrong('node', `Node ${versionText} is too old`, `Install Node ${leastNode} or newer.`)
}

export function machineClock(now: number): Finding {
  if (now >= earliestNow) return ok('clock', `${moment(now)} UTC`)
  return wrong('clock', `The clock says ${moment(now)}`, 'Set the clock: retention and retries go by it.')
}

/** Whether the log's directory can be written; made and removed is only a file in it. */
export async function directoryWritable(directory: string): Promise<Finding> {
  const place = nearestExisting(directory)
  try {
    if (!(await stat(place)).isDirectory()) {
      return wrong('directory', `${place} is not a directory`, 'Give embedded({ directory }) another place.')
    }
    const probe = await mkdtemp(join(place, '.veltrix-doctor-'))
    try {
      await writeFile(join(probe, 'probe'), 'x')
    } finally {
      await rm(probe, { recursive: true, force: true })
    }
  } catch (error) {
    return wrong(
      'directory',
      `${place} cannot be written: ${(error as Error).message}`,
      'Give this user the right to write there, or choose another directory.',
    )
  }
  return ok('directory', place === directory ? directory : `${directory} (not made yet)`)
}

export async function diskSpace(directory: string): Promise<Finding> {
  const free = await freeBytes(directory)
  if (free < 64 * MiB) return wrong('disk', `${bytes(free)} free`, 'Make room: a full disk refuses every publish.')
  if (free < GiB) return warn('disk', `${bytes(free)} free`, 'Make room, or shorten the retention of the streams.')
  return ok('disk', `${bytes(free)} free`)
}

export async function freeBytes(directory: string): Promise<number> {
  const disk = await statfs(nearestExisting(directory))
  return disk.bavail * disk.bsize
}

function nearestExisting(path: string): string {
  let place = path
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  return place
}
