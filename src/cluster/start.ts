/**
 * Bringing a cluster up by what the machine has: Java and Maven, or Docker.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KafkaCluster, type ClusterOptions } from './cluster.ts'
import type { ClusterKind, Environment } from './distribution.ts'
import { DockerCluster, removeDockerData, requireDocker } from './docker.ts'
import { ClusterDiffers, type ClusterToolMissing } from './errors.ts'
import { makePlan, readPlan, type ClusterPlan } from './plan.ts'
import type { Cluster } from './status.ts'
import { missingTool } from './tools.ts'

export interface StartOptions extends Omit<ClusterOptions, 'jvm' | 'formatArguments'> {
  /** Port of broker 1. Default 9092 in a directory, any that are free without one. */
  readonly port?: number
  /** Containers of the official image. Default: only where Java or Maven is missing, and Docker answers. */
  readonly docker?: boolean
}

const kafkasPort = 9092

/** Where the cluster of a project lies unless told otherwise. */
export function clusterDirectory(projectDirectory: string): string {
  return join(projectDirectory, '.veltrix', 'cluster')
}

/**
 * Starts a cluster, or the one that lies in `directory`.
 * @throws ClusterDiffers, ClusterToolMissing, ClusterDownloadFailed, ClusterPortTaken, ClusterNodeFailed, RangeError, the signal's reason
 */
export async function startCluster(options: StartOptions): Promise<Cluster> {
  const { directory, env = process.env, note } = options
  const stored = directory === undefined ? undefined : await readPlan(directory)
  if (stored !== undefined) requireSame(directory!, stored, options)
  const kind = stored?.kind ?? options.kind ?? 'kraft'
  const docker = stored?.docker ?? options.docker ?? (await fallsBack(kind, env, note))
  const port = options.port ?? (directory === undefined ? 0 : kafkasPort)
  if (!docker) return await KafkaCluster.start({ ...options, kind, port })
  const plan = stored ?? { ...(await makePlan(kind, options.brokers ?? 3, port)), docker }
  if (directory !== undefined) return await DockerCluster.start(plan, { ...options, directory })
  const temporary = await mkdtemp(join(tmpdir(), 'veltrix-cluster-'))
  return await DockerCluster.start(plan, { ...options, directory: temporary, temporary: true })
}

/** What is asked for without saying so is what is there. */
function requireSame(directory: string, stored: ClusterPlan, asked: StartOptions): void {
  const { brokers = stored.nodes.length, kind = stored.kind, docker = stored.docker ?? false } = asked
  const words = (count: number, which: ClusterKind, inDocker: boolean): string =>
    `${count} ${count === 1 ? 'broker' : 'brokers'}${which === 'zookeeper' ? ' and ZooKeeper' : ''}${inDocker ? ' in Docker' : ''}`
  const has = words(stored.nodes.length, stored.kind, stored.docker ?? false)
  const wanted = words(brokers, kind, docker)
  if (has !== wanted) throw new ClusterDiffers(directory, has, wanted)
  const first = stored.nodes[0]!.port
  const port = asked.port ?? first
  if (port !== 0 && port !== first) throw new ClusterDiffers(directory, `first port ${first}`, `${port}`)
}

async function fallsBack(
  kind: ClusterKind,
  env: Environment,
  note: ((text: string) => void) | undefined,
): Promise<boolean> {
  const missing = await missingTool(kind, env)
  if (missing === undefined) return false
  // The image has no ZooKeeper mode.
  if (kind === 'zookeeper' || !(await dockerAnswers(env))) throw missing
  note?.(`${toolNames[missing.tool] ?? missing.tool} is missing: the brokers run in Docker.`)
  return true
}

const toolNames: Readonly<Record<ClusterToolMissing['tool'], string>> = {
  java: 'Java 17 or newer',
  mvn: 'Maven',
  sh: 'A POSIX shell',
}

function dockerAnswers(env: Environment): Promise<boolean> {
  return requireDocker(env).then(
    () => true,
    () => false,
  )
}

const ownFiles = /^(?:data-(?:\d+|zookeeper)|(?:\d+|zookeeper)\.(?:log|properties)|log4j\.properties|cluster\.json)$/

/** Removes a cluster's data and settings from `directory`, and nothing else that lies there. It must not be up. */
export async function removeCluster(directory: string, env: Environment = process.env): Promise<void> {
  const plan = await readPlan(directory)
  if (plan?.docker) await removeDockerData(plan, env)
  if (!existsSync(directory)) return
  for (const name of await readdir(directory)) {
    if (ownFiles.test(name)) await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 })
  }
}
