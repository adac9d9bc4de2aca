/**
 * Which nodes a cluster has and where; kept in its directory, so that it comes up again as the same one.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterKind } from './distribution.ts'
import { freePorts, host, requireFree } from './ports.ts'

/** One broker of a cluster. */
export interface ClusterNode {
  /** 1, 2, 3 … */
  readonly id: number
  /** Where clients reach it, on 127.0.0.1, without TLS and without a password. */
  readonly port: number
  /** Where brokers reach it in its role of controller. Of a ZooKeeper cluster: not used by the broker, free for a further listener. */
  readonly controllerPort: number
}

export interface ClusterPlan {
  readonly kind: ClusterKind
  /** Its data lies in Docker's volumes. */
  readonly docker?: boolean
  readonly clusterId: string
  readonly nodes: readonly ClusterNode[]
  /** Of a ZooKeeper cluster. */
  readonly zookeeperPort?: number
}

const fileName = 'cluster.json'

/** Undefined when the directory has no cluster yet. */
export async function readPlan(directory: string): Promise<ClusterPlan | undefined> {
  const text = await readFile(join(directory, fileName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : (JSON.parse(text) as ClusterPlan)
}

export async function writePlan(directory: string, plan: ClusterPlan): Promise<void> {
  const file = join(directory, fileName)
  await writeFile(`${file}.new`, `${JSON.stringify(plan, undefined, 2)}\n`)
  await rename(`${file}.new`, file)
}

/**
 * @param firstPort of broker 1; the others follow it, controllers are 100 above. 0: any that are free.
 * @throws RangeError when there is no room for the ports
 */
export async function makePlan(kind: ClusterKind, brokers: number, firstPort: number): Promise<ClusterPlan> {
  if (!Number.isSafeInteger(brokers) || brokers < 1 || brokers > mostBrokers) {
    throw new RangeError(`A cluster has 1 to ${mostBrokers} brokers, not ${brokers}.`)
  }
  const ports = firstPort === 0 ? await freePorts(brokers * 2 + 1) : portsFrom(firstPort, brokers)
  const nodes = Array.from({ length: brokers }, (_, index): ClusterNode => {
    return { id: index + 1, port: ports[index]!, controllerPort: ports[brokers + index]! }
  })
  const clusterId = randomBytes(16).toString('base64url')
  return { kind, clusterId, nodes, ...(kind === 'zookeeper' ? { zookeeperPort: ports[brokers * 2]! } : {}) }
}

const mostBrokers = 9

function portsFrom(first: number, brokers: number): number[] {
  const offset = 100
  const last = first + offset + brokers
  if (!Number.isSafeInteger(first) || first < 1 || last > 65_535) {
    throw new RangeError(`The first port must be 0, or from 1 to ${65_535 - offset - brokers}, not ${first}.`)
  }
  const count = (from: number): number[] => Array.from({ length: brokers }, (_, index) => from + index)
  return [...count(first), ...count(first + offset), last]
}

/** @throws ClusterPortTaken */
export async function requirePorts({ kind, nodes, zookeeperPort }: ClusterPlan): Promise<void> {
  for (const { id, port, controllerPort } of nodes) {
    await requireFree(port, `broker ${id}`)
    if (kind === 'kraft') await requireFree(controllerPort, `the controller of broker ${id}`)
  }
  if (zookeeperPort !== undefined) await requireFree(zookeeperPort, 'ZooKeeper')
}

/** `host:port` of each. */
export function addresses(nodes: readonly ClusterNode[]): string[] {
  return nodes.map(({ port }) => `${host}:${port}`)
}

/** @throws RangeError when there is no such broker */
export function nodeOf({ nodes }: ClusterPlan, id: number): ClusterNode {
  const node = nodes.find((each) => each.id === id)
  if (node !== undefined) return node
  throw new RangeError(`There is no broker ${id}: this cluster has ${nodes.map((each) => each.id).join(', ')}.`)
}
