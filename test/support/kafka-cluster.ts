/**
 * A real Kafka cluster of three brokers (KRaft) on loopback, from Maven's jars: brokers that can be killed and started again. Whoever starts it
 * stops it; when its process dies without doing so, the brokers' guards see their input end and kill them.
 * @module
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { createServer, connect, type AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const version = '4.3.1'
const jars = join(homedir(), '.cache', 'veltrix', `kafka-${version}`)
const pom = join(import.meta.dirname, 'kafka', 'pom.xml')
const brokerCount = 3

/** Why no cluster can be started here; undefined when one can. */
export async function missingKafka(): Promise<string | undefined> {
  const java = await run('java', ['-version']).catch(() => undefined)
  const major = Number(/version "(\d+)/.exec(java?.stderr ?? '')?.[1] ?? 0)
  if (major < 17) return `Java 17 or newer is not on the PATH`
  if (existsSync(jars)) return undefined
  const maven = await run('mvn', ['--version']).catch(() => undefined)
  return maven === undefined ? `Maven (mvn) is not on the PATH, and ${jars} does not have the jars` : undefined
}

interface Node {
  readonly id: number
  readonly port: number
  readonly properties: string
  guard?: ChildProcess
}

export class KafkaCluster {
  readonly #directory: string
  readonly #nodes: readonly Node[]

  private constructor(directory: string, nodes: readonly Node[]) {
    this.#directory = directory
    this.#nodes = nodes
  }

  static async start(): Promise<KafkaCluster> {
    await fetchJars()
    const directory = await mkdtemp(join(tmpdir(), 'veltrix-kafka-'))
    const ports = await freePorts(brokerCount * 2)
    const voters = ports.slice(brokerCount).map((port, index) => `${index + 1}@127.0.0.1:${port}`)
    const clusterId = randomBytes(16).toString('base64url')
    const nodes = ports.slice(0, brokerCount).map((port, index): Node => {
      return { id: index + 1, port, properties: join(directory, `${index + 1}.properties`) }
    })
    const cluster = new KafkaCluster(directory, nodes)
    try {
      await Promise.all(
        nodes.map(async (node) => {
          const text = propertiesOf(node, ports[brokerCount + node.id - 1]!, voters, directory)
          await writeFile(node.properties, text)
          await java(['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', node.properties])
          await cluster.restart(node.id, false)
        }),
      )
      await Promise.all(nodes.map(answers))
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** `host:port` of every broker. */
  get brokers(): string[] {
    return this.#nodes.map(({ port }) => `127.0.0.1:${port}`)
  }

  /** kill -9. */
  async kill(id: number): Promise<void> {
    const node = this.#nodes[id - 1]!
    const { guard } = node
    if (guard === undefined) return
    const ended = new Promise((resolve) => guard.once('exit', resolve))
    guard.stdin!.end()
    await ended
    node.guard = undefined
  }

  /** Starts a broker that was killed, on its files. */
  async restart(id: number, wait = true): Promise<void> {
    const node = this.#nodes[id - 1]!
    const log = await open(join(this.#directory, `${id}.log`), 'a')
    // The broker is the child of a shell that lives until its input ends, which it does with this process, however that ends.
    const script = '"$@" </dev/null & broker=$!; cat >/dev/null; kill -9 $broker; wait $broker 2>/dev/null'
    const command = ['java', ...heap, '-cp', `${jars}/*`, 'kafka.Kafka', node.properties]
    node.guard = spawn('sh', ['-c', script, 'guard', ...command], { stdio: ['pipe', log.fd, log.fd] })
    await log.close()
    if (wait) await answers(node)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ id }) => this.kill(id)))
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 })
  }
}

const heap = ['-Xms160m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']

function propertiesOf(node: Node, controllerPort: number, voters: readonly string[], directory: string): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': voters.join(','),
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(directory, `data-${node.id}`),
    'auto.create.topics.enable': false,
    'unclean.leader.election.enable': false,
    'default.replication.factor': 3,
    'min.insync.replicas': 2,
    'offsets.topic.replication.factor': 3,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 3,
    'transaction.state.log.min.isr': 2,
    'transaction.state.log.num.partitions': 3,
    'broker.session.timeout.ms': 6_000,
    // Quick changes of groups, and sessions as short as an application asks for.
    'group.consumer.heartbeat.interval.ms': 1_000,
    'group.consumer.min.heartbeat.interval.ms': 100,
    'group.consumer.min.session.timeout.ms': 2_000,
    'group.consumer.session.timeout.ms': 10_000,
    'group.consumer.min.assignment.interval.ms': 0,
    'group.consumer.assignment.interval.ms': 0,
    'log.retention.check.interval.ms': 1_000,
    'file.delete.delay.ms': 1_000,
    'num.network.threads': 2,
    'num.io.threads': 4,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function java(args: readonly string[]): Promise<unknown> {
  return run('java', [...heap, '-cp', `${jars}/*`, ...args])
}

/** Once for all checkouts of this machine. Renamed when complete, so that a download that was cut off is not taken for one. */
async function fetchJars(): Promise<void> {
  if (existsSync(jars)) return
  const partial = `${jars}.${process.pid}`
  await mkdir(join(jars, '..'), { recursive: true })
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime']
  await run('mvn', ['-q', '-B', '-f', pom, ...goal])
  try {
    renameSync(partial, jars)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    if (!existsSync(jars)) throw error
  }
}

/** All asked for before any is given back, so that they are different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Until the broker's port is open, which it is when the broker is ready. */
async function answers(node: Node): Promise<void> {
  for (const deadline = Date.now() + 60_000; ;) {
    if (await isOpen(node.port)) return
    if (Date.now() > deadline || node.guard?.exitCode != null) throw new Error(`broker ${node.id} did not start`)
    await pause(100)
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
