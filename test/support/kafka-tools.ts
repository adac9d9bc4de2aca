/**
 * Kafka's own command-line tools (Java), and kcat: what others read and write topics with.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jarsDirectory } from '../../src/cluster/index.ts'

const run = promisify(execFile)
const version = '4.3.1'
const jars = join(jarsDirectory('kraft', process.env), '..', `kafka-tools-${version}`)

/** Why kcat cannot be used here; undefined when it can. */
export async function missingKcat(): Promise<string | undefined> {
  const said = await run('kcat', ['-V']).catch(() => undefined)
  return said === undefined ? 'kcat is not on the PATH' : undefined
}

/** Why Kafka's tools cannot be used here; undefined when they can. Fetches them the first time. */
export async function missingKafkaTools(): Promise<string | undefined> {
  if (existsSync(jars)) return undefined
  const maven = await run('mvn', ['--version']).catch(() => undefined)
  if (maven === undefined) return `Maven (mvn) is not on the PATH, and ${jars} does not have the jars`
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-tools-'))
  const partial = `${jars}.${process.pid}`
  try {
    await writeFile(join(directory, 'pom.xml'), pom)
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime']
    await run('mvn', ['-q', '-B', '-f', join(directory, 'pom.xml'), ...goal])
    await rename(partial, jars).catch((error: unknown) => {
      if (!existsSync(jars)) throw error
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
    await rm(partial, { recursive: true, force: true })
  }
  return undefined
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>veltrix</groupId><artifactId>kafka-tools-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/** Runs a tool of Kafka, such as `consumer.ConsoleConsumer`; resolves to what it said. */
export function javaTool(tool: string, args: readonly string[], input = ''): Promise<string> {
  const jvm = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
  return said('java', [...jvm, '-cp', join(jars, '*'), `org.apache.kafka.tools.${tool}`, ...args], input)
}

export function kcat(args: readonly string[], input = ''): Promise<string> {
  return said('kcat', args, input)
}

function said(command: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(out)
      else reject(new Error(`${command} ended with ${code}: ${err.slice(-2_000)}`))
    })
  })
}
