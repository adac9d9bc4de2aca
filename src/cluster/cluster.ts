/**
 * A real Kafka cluster on loopback, for development and tests: brokers that can be killed, stopped for a while and started again. They end
 * with the process that started them, whatever becomes of it.
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sleep, systemClock, type Clock } from '../clock.ts'
import { kraftController, zookeeperController } from './controller.ts'
import type { ClusterKind, Environment } from './distribution.ts'
import { ClusterNodeFailed } from './errors.ts'
import { Guarded } from './guarded.ts'
import { fetchJars } from './jars.ts'
import { lastLines, worthReading } from './last-lines.ts'
import { knownBrokers } from './metadata-request.ts'
import { addresses, makePlan, readPlan, requirePorts, writePlan, type ClusterNode, type ClusterPlan } from './plan.ts'
import { host, isOpen } from './ports.ts'
import { brokerProperties, loggingText, propertiesText, zookeeperProperties } from './settings.ts'
import type { Properties } from './settings.ts'
import { requireJava, requireShell } from './tools.ts'

const run = promisify(execFile)

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

export type NodeState = 'running' | 'paused' | 'ended'

/** Small heaps and quick starts: several of them share one machine. */
const jvmDefaults = ['-Xms160m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
const pollMs = 100
/** For a broker to give up its leaderships and end, when it is asked to. */
const gracefulMs = 20_000

export class KafkaCluster {
  readonly plan: ClusterPlan
  /** Where the nodes' files and logs are. */
  readonly directory: string
  readonly #options: ClusterOptions
  readonly #clock: Clock
  readonly #env: Environment
  readonly #jars: string
  readonly #running = new Map<number, Guarded>()
  #zookeeper: Guarded | undefined

  private constructor(plan: ClusterPlan, directory: string, jars: string, options: ClusterOptions) {
    this.plan = plan
    this.directory = directory
    this.#jars = jars
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#env = options.env ?? process.env
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
    const broker = this.#running.get(this.#node(id).id)
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
    await this.#running.get(this.#node(id).id)?.kill()
  }

  /** SIGSTOP: the broker keeps its connections, and answers nothing. */
  pause(id: number): void {
    this.#running.get(this.#node(id).id)?.pause()
  }

  /** SIGCONT. */
  resume(id: number): void {
    this.#running.get(this.#node(id).id)?.resume()
  }

  /**
   * Starts a broker on its files; one that runs is first asked to end, and gives up its leaderships in good order.
   * @param wait until it answers. Without a majority of controllers it never does.
   * @throws ClusterNodeFailed, RangeError
   */
  async restart(id: number, wait = true): Promise<void> {
    const node = this.#node(id)
    await this.#end(this.#running.get(id))
    const since = await this.#launch(node)
    const ready = this.#untilReady(node, since, [id])
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

  /** Log of a broker (or of ZooKeeper): warnings and errors. */
  logFile(id: number | 'zookeeper'): string {
    return join(this.directory, `${id}.log`)
  }

  /**
   * Ends every node; removes the directory when it is a temporary one.
   * @param options.graceful ask brokers to end in good order, for at most 20 s; the next start is quicker then
   */
  async stop({ graceful = false }: { readonly graceful?: boolean } = {}): Promise<void> {
    const brokers = [...this.#running.values()]
    await Promise.all(brokers.map((broker) => (graceful ? this.#end(broker) : broker.kill())))
    await this.#zookeeper?.kill()
    if (this.#options.directory === undefined) {
      await rm(this.directory, { recursive: true, force: true, maxRetries: 3 })
    }
  }

  async #begin(): Promise<void> {
    const { plan, directory } = this
    const options = this.#options
    const ids = plan.nodes.map(({ id }) => id)
    await writeFile(join(directory, 'log4j.properties'), loggingText)
    await writePlan(directory, plan)
    if (plan.zookeeperPort !== undefined) await this.#beginZookeeper(plan.zookeeperPort)
    await Promise.all(
      plan.nodes.map(async (node) => {
        const properties = this.#properties(node)
        await writeFile(this.#propertiesFile(node.id), propertiesText(properties))
        if (plan.kind === 'kraft') await this.#format(node, String(properties['log.dirs']))
        options.signal?.throwIfAborted()
        const since = await this.#launch(node)
        await this.#untilReady(node, since, ids, options.signal)
        options.note?.(`broker ${node.id} is up on ${host}:${node.port}`)
      }),
    )
  }

  async #beginZookeeper(port: number): Promise<void> {
    const file = this.#propertiesFile('zookeeper')
    const log = this.logFile('zookeeper')
    await writeFile(file, propertiesText(zookeeperProperties(port, this.directory)))
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    const since = await sizeOf(log)
    this.#zookeeper = await Guarded.start(this.#java(['-Xms32m', '-Xmx128m'], main, file), log, this.#processEnv)
    const deadline = this.#clock.monotonic() + (this.#options.startTimeoutMs ?? 120_000)
    while (!(await isOpen(port))) {
      this.#options.signal?.throwIfAborted()
      if (!this.#zookeeper.alive) throw await this.#failure('ZooKeeper', 'ended while it started', log, since)
      if (this.#clock.monotonic() > deadline)
        throw await this.#failure('ZooKeeper', 'did not open its port', log, since)
      await sleep(this.#clock, pollMs)
    }
    this.#options.note?.(`ZooKeeper is up on ${host}:${port}`)
  }

  /** KRaft: a directory belongs to a cluster before its broker starts. */
  async #format(node: ClusterNode, data: string): Promise<void> {
    if (existsSync(join(data, 'meta.properties'))) return
    const { formatArguments = [], signal } = this.#options
    // An id may begin with "-".
    const args = [
      'format',
      `--cluster-id=${this.plan.clusterId}`,
      '-c',
      this.#propertiesFile(node.id),
      ...formatArguments,
    ]
    const [java = '', ...rest] = this.#java([], 'kafka.tools.StorageTool', ...args)
    try {
      await run(java, rest, { env: this.#processEnv, signal })
    } catch (error) {
      signal?.throwIfAborted()
      const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string }
      const said = worthReading(`${stdout}\n${stderr}`.split('\n'))
      throw new ClusterNodeFailed(`broker ${node.id}`, 'could not format its directory', undefined, said.slice(-10))
    }
  }

  /** Resolves to where its log stood before. */
  async #launch(node: ClusterNode): Promise<number> {
    const log = this.logFile(node.id)
    const since = await sizeOf(log)
    const command = this.#java(this.#options.jvm ?? [], 'kafka.Kafka', this.#propertiesFile(node.id))
    this.#running.set(node.id, await Guarded.start(command, log, this.#processEnv))
    return since
  }

  /** Until `node` answers and knows the brokers with `ids`. */
  async #untilReady(node: ClusterNode, since: number, ids: readonly number[], signal?: AbortSignal): Promise<void> {
    const started = this.#running.get(node.id)!
    const timeoutMs = this.#options.startTimeoutMs ?? 120_000
    const deadline = this.#clock.monotonic() + timeoutMs
    const fail = (what: string) => this.#failure(`broker ${node.id}`, what, this.logFile(node.id), since)
    const plain = String(this.#properties(node)['listeners']).includes(`PLAINTEXT://${host}:${node.port}`)
    for (let broker = started; ; await sleep(this.#clock, pollMs)) {
      signal?.throwIfAborted()
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

  async #failure(node: string, what: string, log: string, since: number): Promise<ClusterNodeFailed> {
    const kept = this.#options.directory === undefined ? undefined : log
    return new ClusterNodeFailed(node, what, kept, await lastLines(log, since, 10))
  }

  #properties(node: ClusterNode): Properties {
    return brokerProperties(this.plan, node, this.directory, this.#options.properties?.(node) ?? {})
  }

  #propertiesFile(name: number | 'zookeeper'): string {
    return join(this.directory, `${name}.properties`)
  }

  #java(jvm: readonly string[], main: string, ...args: readonly string[]): string[] {
    const logging = `-Dlog4j.configuration=file:${join(this.directory, 'log4j.properties')}`
    // Kafka asks Log4j 2 too, which complains that it is not the one that is set up.
    const quiet = '-Dlog4j2.StatusLogger.level=OFF'
    return ['java', ...jvmDefaults, ...jvm, logging, quiet, '-cp', join(this.#jars, '*'), main, ...args]
  }

  get #processEnv(): NodeJS.ProcessEnv {
    return { ...this.#env }
  }

  /** @throws RangeError */
  #node(id: number): ClusterNode {
    const node = this.plan.nodes.find((each) => each.id === id)
    if (node !== undefined) return node
    throw new RangeError(
      `There is no broker ${id}: this cluster has ${this.plan.nodes.map((each) => each.id).join(', ')}.`,
    )
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0
}
