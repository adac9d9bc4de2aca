/**
 * A real Kafka cluster on loopback, for development and tests: brokers that can be killed, stopped for a while and started again. They end
 * with the process that started them, whatever becomes of it.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock, type Clock } from '../clock.ts'
import { kraftController, zookeeperController } from './controller.ts'
import { kafkaVersions, type ClusterKind, type Environment } from './distribution.ts'
import type { Guarded } from './guarded.ts'
import { fetchJars } from './jars.ts'
import { JavaPrograms, type NodeName } from './java-programs.ts'
import { lastLines } from './last-lines.ts'
import { knownBrokers } from './metadata-request.ts'
import {
  addresses,
  makePlan,
  nodeOf,
  readPlan,
  requirePorts,
  writePlan,
  type ClusterNode,
  type ClusterPlan,
} from './plan.ts'
import { host, isOpen } from './ports.ts'
import { brokerProperties, loggingText, propertiesText } from './settings.ts'
import type { Properties } from './settings.ts'
import type { Cluster, ClusterStatus, NodeState } from './status.ts'
import { requireJava, requireShell } from './tools.ts'
import { startZookeeper } from './zookeeper.ts'

export interface ClusterOptions {
  /** `kraft` (Kafka 4.3, the default), or `zookeeper` (Kafka 3.9 with ZooKeeper 3.8). */
  readonly kind?: ClusterKind
  /** How many, 1 to 9. Default 3. With three or more, topics have three copies, two of them in sync. */
  readonly brokers?: number
  /**
   * Where everything lies, and stays. What is there already comes up again, on its ports; `kind`, `brokers` and `port` are those
   * of the first start then. Default: a temporary one that `stop()` removes.
   */
  readonly directory?: string
  /** Port of broker 1; see {@link makePlan}. Default 0: any that are free. */
  readonly port?: number
  /** Further properties of a broker; they win over those the cluster sets itself. */
  readonly properties?: (node: ClusterNode) => Properties
  /** Further arguments of `kafka-storage format` (KRaft), such as `--add-scram`. */
  readonly formatArguments?: readonly string[]
  /** Further arguments of a broker's Java, such as `-Xmx1g`. */
  readonly jvm?: readonly string[]
  /** How long a node may take to start, in milliseconds. Default 120,000. */
  readonly startTimeoutMs?: number
  /** Ends the start; what was started is stopped again. */
  readonly signal?: AbortSignal
  /** Hears what happens, a line at a time. */
  readonly note?: (text: string) => void
  /** Default: that of this process. */
  readonly env?: Environment
  readonly clock?: Clock
}

const pollMs = 100
/** For a broker to give up its leaderships and end, when it is asked to. */
const gracefulMs = 20_000
const defaultStartTimeoutMs = 120_000

export class KafkaCluster implements Cluster {
  readonly plan: ClusterPlan
  /** Where the nodes' files and logs are. */
  readonly directory: string
  readonly #options: ClusterOptions
  readonly #clock: Clock
  readonly #programs: JavaPrograms
  readonly #running = new Map<number, Guarded>()
  #zookeeper: Guarded | undefined
  /** Nothing is started any more. */
  readonly #stopped = new AbortController()

  private constructor(plan: ClusterPlan, directory: string, jars: string, options: ClusterOptions) {
    this.plan = plan
    this.directory = directory
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#programs = new JavaPrograms(directory, jars, options.env ?? process.env, options.directory === undefined)
  }

  /**
   * Resolves when every broker answers and knows the others.
   * @throws ClusterToolMissing, ClusterDownloadFailed, ClusterPortTaken, ClusterNodeFailed, RangeError, the signal's reason
   */
  static async start(options: ClusterOptions = {}): Promise<KafkaCluster> {
    const { kind = 'kraft', env = process.env, note = () => undefined, signal } = options
    requireShell()
    await requireJava(env)
    const stored = options.directory === undefined ? undefined : await readPlan(options.directory)
    const jars = await fetchJars(stored?.kind ?? kind, { env, note, signal })
    const plan = stored ?? (await makePlan(kind, options.brokers ?? 3, options.port ?? 0))
    await requirePorts(plan)
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'veltrix-cluster-')))
    await mkdir(directory, { recursive: true })
    const cluster = new KafkaCluster(plan, directory, jars, options)
    try {
      await cluster.#begin()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** `host:port` of every broker. */
  get brokers(): string[] {
    return addresses(this.plan.nodes)
  }

  get nodes(): readonly ClusterNode[] {
    return this.plan.nodes
  }

  /** @throws RangeError when there is no such broker */
  state(id: number): NodeState {
    const broker = this.#running.get(nodeOf(this.plan, id).id)
    if (broker?.alive !== true) return 'ended'
    return broker.paused ? 'paused' : 'running'
  }

  /** Process id of a broker; undefined when it does not run. */
  pid(id: number): number | undefined {
    const broker = this.#running.get(id)
    return broker?.alive === true ? broker.pid : undefined
  }

  /** kill -9. Resolves when it is gone; at once when it was. */
  async kill(id: number): Promise<void> {
    await this.#running.get(nodeOf(this.plan, id).id)?.kill()
  }

  /** SIGSTOP: the broker keeps its connections, and answers nothing. */
  async pause(id: number): Promise<void> {
    this.#running.get(nodeOf(this.plan, id).id)?.pause()
  }

  /** SIGCONT. */
  async resume(id: number): Promise<void> {
    this.#running.get(nodeOf(this.plan, id).id)?.resume()
  }

  /**
   * Starts a broker on its files; one that runs is first asked to end, and gives up its leaderships in good order.
   * @param wait until it answers. Without a majority of controllers it never does.
   * @throws ClusterNodeFailed, RangeError
   */
  async restart(id: number, wait = true): Promise<void> {
    const node = nodeOf(this.plan, id)
    await this.#end(this.#running.get(id))
    const since = await this.#launch(node)
    const ready = this.#untilReady(node, since, [id], this.#stopped.signal)
    if (wait) await ready
    else ready.catch(() => undefined)
  }

  /** Id of the broker that is the controller now; undefined while there is none. */
  async controllerId(): Promise<number | undefined> {
    const { zookeeperPort, nodes } = this.plan
    const ids = nodes.map(({ id }) => id)
    const elected =
      zookeeperPort === undefined
        ? await kraftController(this.directory, ids)
        : await zookeeperController(zookeeperPort, this.#clock)
    // One that is dead or stopped is still written down until another is elected.
    return elected !== undefined && this.state(elected) === 'running' ? elected : undefined
  }

  async status(): Promise<ClusterStatus> {
    const { kind, nodes, zookeeperPort } = this.plan
    const controller = (await this.controllerId()) ?? null
    return {
      kind,
      version: kafkaVersions[kind],
      runner: 'java',
      directory: this.directory,
      controller,
      brokers: nodes.map(({ id, port }) => ({
        id,
        address: `${host}:${port}`,
        state: this.state(id),
        controller: id === controller,
        pid: this.pid(id) ?? null,
        container: null,
      })),
      zookeeper: zookeeperPort === undefined ? null : zookeeperStatus(zookeeperPort, this.#zookeeper),
    }
  }

  lastLines(id: number, count: number): Promise<readonly string[]> {
    return lastLines(this.logFile(id), 0, count)
  }

  /** Log of a broker (or of ZooKeeper): warnings and errors. */
  logFile(id: NodeName): string {
    return this.#programs.logFile(id)
  }

  /**
   * Ends every node; removes the directory when it is a temporary one.
   * @param options.graceful ask brokers to end in good order, for at most 20 s; the next start is quicker then
   */
  async stop({ graceful = false }: { readonly graceful?: boolean } = {}): Promise<void> {
    this.#stopped.abort(new Error('The cluster was stopped.'))
    const brokers = [...this.#running.values()]
    await Promise.all(brokers.map((broker) => (graceful ? this.#end(broker) : broker.kill())))
    await this.#zookeeper?.kill()
    if (this.#options.directory === undefined) {
      await rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
    }
  }

  async #begin(): Promise<void> {
    const { plan, directory } = this
    const given = this.#options.signal
    const signal = given === undefined ? this.#stopped.signal : AbortSignal.any([given, this.#stopped.signal])
    await writeFile(this.#programs.loggingFile, loggingText)
    await writePlan(directory, plan)
    if (plan.zookeeperPort !== undefined) await this.#beginZookeeper(plan.zookeeperPort, signal)
    const starts = plan.nodes.map((node) =>
      this.#beginBroker(node, signal).catch((error: unknown) => {
        // The others must not go on starting what nobody would stop.
        this.#stopped.abort(error)
        throw error
      }),
    )
    await Promise.allSettled(starts)
    signal.throwIfAborted()
  }

  async #beginZookeeper(port: number, signal: AbortSignal): Promise<void> {
    const { directory } = this
    const timeoutMs = this.#options.startTimeoutMs ?? defaultStartTimeoutMs
    this.#zookeeper = await startZookeeper(this.#programs, { port, directory, timeoutMs, clock: this.#clock, signal })
    this.#options.note?.(`ZooKeeper is up on ${host}:${port}`)
  }

  async #beginBroker(node: ClusterNode, signal: AbortSignal): Promise<void> {
    const properties = this.#properties(node)
    await writeFile(this.#programs.propertiesFile(node.id), propertiesText(properties))
    if (this.plan.kind === 'kraft') await this.#format(node, String(properties['log.dirs']), signal)
    signal.throwIfAborted()
    const since = await this.#launch(node)
    const ids = this.nodes.map(({ id }) => id)
    await this.#untilReady(node, since, ids, signal)
    this.#options.note?.(`broker ${node.id} is up on ${host}:${node.port}`)
  }

  /** KRaft: a directory belongs to a cluster before its broker starts. */
  async #format({ id }: ClusterNode, data: string, signal: AbortSignal): Promise<void> {
    if (existsSync(join(data, 'meta.properties'))) return
    // An id may begin with "-".
    const own = ['format', `--cluster-id=${this.plan.clusterId}`, '-c', this.#programs.propertiesFile(id)]
    const args = [...own, ...(this.#options.formatArguments ?? [])]
    await this.#programs.run(id, 'could not format its directory', 'kafka.tools.StorageTool', args, signal)
  }

  /** Resolves to where its log stood before. */
  async #launch({ id }: ClusterNode): Promise<number> {
    this.#stopped.signal.throwIfAborted()
    const { process, since } = await this.#programs.start(id, 'kafka.Kafka', this.#options.jvm ?? [])
    this.#running.set(id, process)
    if (this.#stopped.signal.aborted) await process.kill()
    return since
  }

  /** Until `node` answers and knows the brokers with `ids`. */
  async #untilReady(node: ClusterNode, since: number, ids: readonly number[], signal: AbortSignal): Promise<void> {
    const started = this.#running.get(node.id)!
    const timeoutMs = this.#options.startTimeoutMs ?? defaultStartTimeoutMs
    const deadline = this.#clock.monotonic() + timeoutMs
    const fail = (what: string) => this.#programs.failure(node.id, what, since)
    const plain = String(this.#properties(node)['listeners']).includes(`PLAINTEXT://${host}:${node.port}`)
    for (let broker = started; ; await sleep(this.#clock, pollMs)) {
      signal.throwIfAborted()
      if (!broker.alive) {
        if (!(await this.#sessionRemains(node, since))) throw await fail('ended while it started')
        await this.#launch(node)
        broker = this.#running.get(node.id)!
      }
      if (await this.#answers(node, plain, ids)) return
      // Somebody killed it, and started it anew.
      if (this.#running.get(node.id) !== broker) return
      if (this.#clock.monotonic() > deadline) throw await fail(`did not answer within ${timeoutMs} ms`)
    }
  }

  async #answers({ port }: ClusterNode, plain: boolean, ids: readonly number[]): Promise<boolean> {
    // Behind TLS or SASL nothing can be asked here.
    if (!plain) return await isOpen(port)
    const known = await knownBrokers(port, this.#clock)
    return known !== undefined && ids.every((id) => known.includes(id))
  }

  /**
   * A broker that was killed still has its session with ZooKeeper, for as long as `zookeeper.session.timeout.ms`: until then its heir is refused
   * and ends.
   */
  async #sessionRemains({ id }: ClusterNode, since: number): Promise<boolean> {
    if (this.plan.kind !== 'zookeeper') return false
    const lines = await lastLines(this.logFile(id), since, 200)
    return lines.some((line) => line.includes('NodeExists'))
  }

  async #end(broker: Guarded | undefined): Promise<void> {
    if (broker?.alive !== true) return
    broker.terminate()
    const late = new AbortController()
    const timeout = sleep(this.#clock, gracefulMs, late.signal).then(
      () => broker.kill(),
      () => undefined,
    )
    await broker.ended
    late.abort(new Error('it ended'))
    await timeout
  }

  #properties(node: ClusterNode): Properties {
    return brokerProperties(this.plan, node, this.directory, this.#options.properties?.(node) ?? {})
  }
}

function zookeeperStatus(port: number, process: Guarded | undefined): ClusterStatus['zookeeper'] {
  return { address: `${host}:${port}`, pid: process?.alive === true ? process.pid : null }
}
