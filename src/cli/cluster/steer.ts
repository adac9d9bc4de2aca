/**
 * What is done to a cluster that another process keeps.
 * @module
 */
import { resolve } from 'node:path'
import { ask, clusterDirectory, ClusterNotUp, findKeeper, type KeeperStatus } from '../../cluster/index.ts'
import { shown } from '../app-module.ts'
import { UsageInvalid } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { statusLines } from './lines.ts'

/** The cluster's directory, as a full path. */
export function directoryOf(given: string | undefined, { cwd }: Pick<Shell, 'cwd'>): string {
  return given === undefined ? clusterDirectory(cwd) : resolve(cwd, given)
}

const done = { kill: 'killed', restart: 'restarted', pause: 'paused', resume: 'resumed' } as const

/**
 * Does `what` to one broker, and shows the cluster then. @throws ClusterNotUp, ClusterNodeFailed, UsageInvalid
 */
export async function steerBroker(
  what: keyof typeof done,
  broker: string,
  directory: string,
  out: Output,
): Promise<void> {
  if (!/^\d{1,3}$/.test(broker)) throw new UsageInvalid(`<broker> cannot be "${broker}": give its number, such as 1.`)
  const id = Number(broker)
  const status = await steered(what, id, directory)
  if (out.json) await out.result(status)
  else await out.lines(`${out.paint.good(done[what])} broker ${id}`, '', ...statusLines(status, out))
}

async function steered(what: keyof typeof done, broker: number, directory: string): Promise<KeeperStatus> {
  try {
    return (await ask(directory, { ask: what, broker }))!
  } catch (error) {
    if (error instanceof RangeError) throw new UsageInvalid(error.message)
    throw error
  }
}

/** @throws ClusterNotUp */
export async function showStatus(directory: string, out: Output): Promise<void> {
  const status = await findKeeper(directory)
  if (status === undefined) throw new ClusterNotUp(directory)
  if (out.json) await out.result(status)
  else await out.lines(...statusLines(status, out))
}

/** Ends the cluster of `directory`; one that is not up is down already. */
export async function bringDown(directory: string, shell: Shell, out: Output): Promise<void> {
  const place = shown(directory, shell.cwd)
  const wasUp = await ask(directory, { ask: 'down' }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ClusterNotUp) return false
      throw error
    },
  )
  if (out.json) return await out.result({ directory, wasUp })
  if (wasUp) await out.lines(`${out.paint.good('ended')} the cluster in ${place}; its data stays there.`)
  else await out.lines(`No cluster is up in ${place}.`)
}
