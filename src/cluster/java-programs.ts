/**
 * The Java programs of one cluster: how they are started, where their properties and logs lie, and what they said before they failed.
 * @module
 */
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './distribution.ts'
import { ClusterNodeFailed } from './errors.ts'
import { Guarded } from './guarded.ts'
import { lastLines, worthReading } from './last-lines.ts'

const run = promisify(execFile)

/** The number of a broker, or ZooKeeper. */
export type NodeName = number | 'zookeeper'

/** A program, and where its log stood before it. */
export interface StartedProgram {
  readonly process: Guarded
  readonly since: number
}

/** Small heaps and quick starts: several of them share one machine. */
const jvmDefaults = ['-Xms160m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']

export class JavaPrograms {
  readonly #directory: string
  readonly #jars: string
  readonly #env: NodeJS.ProcessEnv
  /** The directory goes with the cluster, and the logs in it. */
  readonly #temporary: boolean

  constructor(directory: string, jars: string, env: Environment, temporary: boolean) {
    this.#directory = directory
    this.#jars = jars
    this.#env = { ...env }
    this.#temporary = temporary
  }

  logFile(name: NodeName): string {
    return join(this.#directory, `${name}.log`)
  }

  propertiesFile(name: NodeName): string {
    return join(this.#directory, `${name}.properties`)
  }

  get loggingFile(): string {
    return join(this.#directory, 'log4j.properties')
  }

  /** Starts the class `main` on the properties of `name`. */
  async start(name: NodeName, main: string, jvm: readonly string[]): Promise<StartedProgram> {
    const log = this.logFile(name)
    const since = (await stat(log).catch(() => undefined))?.size ?? 0
    const command = this.#command(jvm, main, this.propertiesFile(name))
    const scratch = this.#temporary ? this.#directory : undefined
    const process = await Guarded.start(command, log, { env: this.#env, scratch })
    return { process, since }
  }

  /**
   * Runs the class `main` to its end.
   * @throws ClusterNodeFailed with what it said, the signal's reason
   */
  async run(name: NodeName, what: string, main: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
    const [java = '', ...rest] = this.#command([], main, ...args)
    try {
      await run(java, rest, { env: this.#env, signal })
    } catch (error) {
      signal?.throwIfAborted()
      const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string }
      const said = worthReading(`${stdout}\n${stderr}`.split('\n'))
      throw new ClusterNodeFailed(shownName(name), what, undefined, said.slice(-10))
    }
  }

  /** What to throw when `name` did not come up: `since` is where its log stood before it started. */
  async failure(name: NodeName, what: string, since: number): Promise<ClusterNodeFailed> {
    const log = this.logFile(name)
    const lines = await lastLines(log, since, 10)
    return new ClusterNodeFailed(shownName(name), what, this.#temporary ? undefined : log, lines)
  }

  #command(jvm: readonly string[], main: string, ...args: readonly string[]): string[] {
    const logging = `-Dlog4j.configuration=file:${this.loggingFile}`
    // Kafka asks Log4j 2 too, which complains that it is not the one that is set up.
    const quiet = '-Dlog4j2.StatusLogger.level=OFF'
    return ['java', ...jvmDefaults, ...jvm, logging, quiet, '-cp', join(this.#jars, '*'), main, ...args]
  }
}

function shownName(name: NodeName): string {
  return name === 'zookeeper' ? 'ZooKeeper' : `broker ${name}`
}
