/**
 * Confluent's Parallel Consumer, in a Java process of its own: compiled when it is first asked for.
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ConsumeFigures, Side } from '../task.ts'

const run = promisify(execFile)

export const parallelConsumerVersion = '0.5.3.3'
const sources = join(import.meta.dirname, '..', '..', 'rivals')
const jars = join(homedir(), '.cache', 'veltrix', `parallel-consumer-${parallelConsumerVersion}`)

/** Why it cannot be run here; undefined when it can. */
export async function missingParallelConsumer(): Promise<string | undefined> {
  const compiler = await run('javac', ['-version']).catch(() => undefined)
  if (compiler === undefined) return 'javac (a JDK, 17 or newer) is not on the PATH'
  if (existsSync(jars)) return undefined
  const maven = await run('mvn', ['--version']).catch(() => undefined)
  if (maven === undefined) return `Maven (mvn) is not on the PATH, and ${jars} does not have the jars`
  return fetchJars().then(
    () => undefined,
    (error: Error) => `its jars cannot be had from Maven: ${error.message.split('\n')[0]}`,
  )
}

/** Renamed when complete, so that a download that was cut off is not taken for one. */
async function fetchJars(): Promise<void> {
  const partial = `${jars}.${process.pid}`
  await mkdir(join(jars, '..'), { recursive: true })
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime']
  await run('mvn', ['-q', '-B', '-f', join(sources, 'pom.xml'), ...goal])
  await rename(partial, jars)
}

export default {
  async consume({ brokers, topic, group, events, handlerMs, concurrency, isWarm, directory }) {
    const classes = join(directory, 'classes')
    await run('javac', ['-cp', `${jars}/*`, '-d', classes, join(sources, 'ParallelConsumerRival.java')])
    const settings = [brokers.join(','), topic, group, events, handlerMs, concurrency, isWarm ? 'warm' : 'cold']
    const asked = ['-cp', `${classes}:${jars}/*`, 'ParallelConsumerRival', ...settings.map(String)]
    const { stdout } = await run('java', asked, { timeout: 300_000 })
    await rm(classes, { recursive: true })
    return JSON.parse(stdout) as ConsumeFigures
  },
} satisfies Side
