/**
 * A cluster whose brokers run in containers of the official image, for machines without Java and Maven.
 * @module
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { sleep, systemClock, type Clock } from '../clock.ts'
import { newestLeader, quorumState } from './controller.ts'
import { kafkaVersions, type Environment } from './distribution.ts'
import {
  containerName,
  imageArguments,
  listArguments,
  logArguments,
  networkArguments,
  pullArguments,
  quorumArguments,
  readyArguments,
  removeArguments,
  removeDataArguments,
  runArguments,
  steerArguments,
} from './docker-commands.ts'
import { ClusterNodeFailed, ClusterToolMissing } from './errors.ts'
import { worthReading } from './last-lines.ts'
import { knownBrokers } from './metadata-request.ts'
import { addresses, nodeOf, requirePorts, writePlan, type ClusterNode, type ClusterPlan } from './plan.ts'
import { host } from './ports.ts'
import type { Properties } from './settings.ts'
import type { Cluster, ClusterStatus, NodeState } from './status.ts'

const run = promisify(execFile)

export interface DockerOptions {
  readonly directory: string
  readonly properties?: (node: ClusterNode) => Properties
  readonly startTimeoutMs?: number
  readonly signal?: AbortSignal
  readonly note?: (text: string) => void
  readonly env?: Environment
  readonly clock?: Clock
  /** Nothing of it is to be found again: the data goes with the cluster. */
  readonly temporary?: boolean
}

const pollMs = 500
const defaultStartTimeoutMs = 180_000

export class DockerCluster implements Cluster {
  readonly plan: ClusterPlan
  readonly #options: DockerOptions
  readonly #clock: Clock
  #watcher: ChildProcess | undefined

  private constructor(plan: ClusterPlan, options: DockerOptions) {
    this.plan = plan
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /**
   * Resolves when every broker answers and knows the others.
   * @throws ClusterToolMissing, ClusterPortTaken, ClusterNodeFailed, the signal's reason
   */
  static async start(plan: ClusterPlan, options: DockerOptions): Promise<DockerCluster> {
    await requireDocker(options.env ?? process.env)
    const cluster = new DockerCluster(plan, options)
    // Containers of a keeper that could not remove them.
    await cluster.#remove()
    await requirePorts(plan)
    await mkdir(options.directory, { recursive: true })
    await writePlan(options.directory, plan)
    try {
      await cluster.#begin()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get brokers(): string[] {
    return addresses(this.plan.nodes)
  }

  async status(): Promise<ClusterStatus> {
    const states = await this.#states()
    const controller = (await this.#controller(states)) ?? null
    return {
      kind: 'kraft',
      version: kafkaVersions.kraft,
      runner: 'docker',
      directory: this.#options.directory,
      controller,
      brokers: this.plan.nodes.map(({ id, port }) => ({
        id,
        address: `${host}:${port}`,
        state: states.get(containerName(this.plan, id)) ?? 'ended',
        controller: id === controller,
        pid: null,
        container: containerName(this.plan, id),
      })),
      zookeeper: null,
    }
  }

  async lastLines(id: number, count: number): Promise<readonly string[]> {
    const { stdout, stderr } = await this.#docker(logArguments(this.plan, id, count)).catch(() => ({
      stdout: '',
      stderr: '',
    }))
    return worthReading(`${stdout}\n${stderr}`.split('\n')).slice(-count)
  }

  async kill(id: number): Promise<void> {
    await this.#steer('kill', id)
  }

  async pause(id: number): Promise<void> {
    await this.#steer('pause', id)
  }

  async resume(id: number): Promise<void> {
    await this.#steer('unpause', id)
  }

  async restart(id: number): Promise<void> {
    await this.#steer('restart', id)
    await this.#untilReady(nodeOf(this.plan, id), [id])
  }

  async stop({ graceful = false }: { readonly graceful?: boolean } = {}): Promise<void> {
    const ids = this.plan.nodes.map(({ id }) => id)
    if (graceful) await this.#docker(steerArguments(this.plan, 'stop', ids)).catch(() => undefined)
    await this.#remove()
    this.#watcher?.stdin!.destroy()
    if (!this.#options.temporary) return
    await this.#docker(removeDataArguments(this.plan)).catch(() => undefined)
    await rm(this.#options.directory, { recursive: true, force: true })
  }

  async #begin(): Promise<void> {
    const { note = () => undefined, signal, properties } = this.#options
    if (!(await this.#hasImage())) {
      note(`Fetching the image apache/kafka:${kafkaVersions.kraft} (once; about 400 MB)`)
      await this.#docker(pullArguments)
    }
    this.#watcher = removeWhenGone(removeArguments(this.plan), this.#environment)
    await this.#docker(networkArguments(this.plan))
    const { nodes } = this.plan
    for (const node of nodes) {
      signal?.throwIfAborted()
      await this.#docker(runArguments(this.plan, node, properties?.(node) ?? {}))
    }
    const ids = nodes.map(({ id }) => id)
    for (const node of nodes) {
      await this.#untilReady(node, ids)
      note(`broker ${node.id} is up on ${host}:${node.port}`)
    }
  }

  async #untilReady(node: ClusterNode, ids: readonly number[]): Promise<void> {
    const timeoutMs = this.#options.startTimeoutMs ?? defaultStartTimeoutMs
    const deadline = this.#clock.monotonic() + timeoutMs
    const fail = async (what: string) =>
      new ClusterNodeFailed(`broker ${node.id}`, what, undefined, await this.lastLines(node.id, 10))
    for (; ; await sleep(this.#clock, pollMs)) {
      this.#options.signal?.throwIfAborted()
      const known = await knownBrokers(node.port, this.#clock)
      if (known !== undefined && ids.every((id) => known.includes(id))) return
      const state = (await this.#states()).get(containerName(this.plan, node.id))
      if (state === 'ended') throw await fail('ended while it started')
      if (this.#clock.monotonic() > deadline) throw await fail(`did not answer within ${timeoutMs} ms`)
    }
  }

  async #controller(states: ReadonlyMap<string, NodeState>): Promise<number | undefined> {
    const running = this.plan.nodes.filter(({ id }) => states.get(containerName(this.plan, id)) === 'running')
    const texts = running.map(async ({ id }) => {
      const said = await this.#docker(quorumArguments(this.plan, id)).catch(() => undefined)
      return quorumState(said?.stdout ?? '')
    })
    const leader = newestLeader(await Promise.all(texts))
    return running.find(({ id }) => id === leader)?.id
  }

  async #states(): Promise<Map<string, NodeState>> {
    const { stdout } = await this.#docker(listArguments(this.plan))
    const pairs = stdout.split('\n').filter(Boolean)
    return new Map(pairs.map((line) => line.split(' ')).map(([name = '', state]) => [name, stateOf(state)]))
  }

  async #steer(what: 'kill' | 'pause' | 'unpause' | 'restart', id: number): Promise<void> {
    await this.#docker(steerArguments(this.plan, what, [nodeOf(this.plan, id).id]))
  }

  async #hasImage(): Promise<boolean> {
    return await this.#docker(imageArguments).then(
      () => true,
      () => false,
    )
  }

  async #remove(): Promise<void> {
    for (const args of removeArguments(this.plan)) await this.#docker(args).catch(() => undefined)
  }

  /** @throws ClusterNodeFailed with what Docker said */
  async #docker(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    try {
      return await run('docker', [...args], { env: this.#environment })
    } catch (cause) {
      const { stderr = '' } = cause as { stderr?: string }
      const said = worthReading(stderr.split('\n')).slice(-10)
      throw new ClusterNodeFailed('Docker', `refused "docker ${args.slice(0, 2).join(' ')}"`, undefined, said)
    }
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...(this.#options.env ?? process.env) }
  }
}

function stateOf(dockers: string | undefined): NodeState {
  if (dockers === 'paused') return 'paused'
  return dockers === 'running' || dockers === 'restarting' || dockers === 'created' ? 'running' : 'ended'
}

/** @throws ClusterToolMissing when there is no Docker, or its daemon cannot be reached */
export async function requireDocker(env: Environment): Promise<void> {
  try {
    await run('docker', [...readyArguments], { env: { ...env }, timeout: 20_000 })
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: unknown; stderr?: string }
    if (code === 'ENOENT') {
      throw new ClusterToolMissing('docker', 'There is no "docker" on the PATH. Install Docker, or Java and Maven.', {
        cause,
      })
    }
    const said = stderr.trim().split('\n').at(-1) ?? ''
    throw new ClusterToolMissing(
      'docker',
      `Docker is installed, but its daemon does not answer: ${said || (cause as Error).message} Start Docker, or leave --docker out and use Java and Maven.`,
    )
  }
}

/** What is left of a cluster that is not up. @throws ClusterToolMissing */
export async function removeDockerData(plan: ClusterPlan, env: Environment): Promise<void> {
  await requireDocker(env)
  for (const args of [...removeArguments(plan), removeDataArguments(plan)]) {
    // What is gone already cannot be removed.
    await run('docker', args, { env: { ...env } }).catch(() => undefined)
  }
}

/**
 * Containers are children of Docker's daemon and outlive whoever asked for them. So a process of its own waits for the end of its input,
 * which comes when this process is gone, however that was, and removes them.
 */
function removeWhenGone(commands: readonly (readonly string[])[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, ['-e', remover, JSON.stringify(commands)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env,
  })
}

export const remover = `
process.stdin.resume().on('error', () => {}).on('close', () => {
  for (const args of JSON.parse(process.argv[1])) require('node:child_process').spawnSync('docker', args)
})`
