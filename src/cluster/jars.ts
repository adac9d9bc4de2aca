/**
 * Fetching a broker's jars with Maven into the user's cache, once for all projects.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jarsDirectory, kafkaVersions, pomOf, type ClusterKind, type Environment } from './distribution.ts'
import { ClusterDownloadFailed } from './errors.ts'
import { requireMaven } from './tools.ts'

export interface FetchOptions {
  readonly env: Environment
  readonly signal?: AbortSignal
  /** Hears what happens, a line at a time. */
  readonly note: (text: string) => void
}

/**
 * The directory with the jars of `kind`, fetched when it is not there. It gets its name when it is complete, so that a download that was
 * cut off is not taken for one.
 * @throws ClusterToolMissing, ClusterDownloadFailed, the signal's reason
 */
export async function fetchJars(kind: ClusterKind, options: FetchOptions): Promise<string> {
  const jars = jarsDirectory(kind, options.env)
  if (existsSync(jars)) return jars
  await requireMaven(options.env, jars)
  const parent = join(jars, '..')
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent)
  const partial = `${jars}.${process.pid}`
  const pom = `${partial}.pom.xml`
  try {
    await writeFile(pom, pomOf(kind))
    options.note(`Fetching Kafka ${kafkaVersions[kind]} with Maven into ${jars} (once; about 100 MB)`)
    await maven(pom, partial, options)
    await rename(partial, jars).catch((error: unknown) => {
      // Another process was quicker.
      if (!existsSync(jars)) throw error
    })
    return jars
  } finally {
    await rm(partial, { recursive: true, force: true })
    await rm(pom, { force: true })
  }
}

/** What processes left that died while they fetched. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^kafka-[\d.]+\.(\d+)(?:\.pom\.xml)?$/.exec(name)?.[1]
    // `kafka-4.3.1` itself ends in a number too, and is complete.
    if (pid === undefined || Object.values(kafkaVersions).some((version) => name === `kafka-${version}`)) continue
    if (!isAlive(Number(pid))) await rm(join(parent, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function maven(pom: string, directory: string, { env, signal, note }: FetchOptions): Promise<void> {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
  const args = ['-B', '-f', pom, goal, `-DoutputDirectory=${directory}`, '-DincludeScope=runtime']
  const child = spawn('mvn', args, { env: env as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'], signal })
  const said: string[] = []
  let rest = ''
  const hear = (chunk: Buffer): void => {
    const lines = (rest + chunk.toString()).split(/\r?\n/)
    rest = lines.pop()!
    for (const line of lines) {
      const fetched = /Downloaded from \S+ \S*\/([^/\s]+\.jar) \(([^)]*?)(?: at [^)]*)?\)/.exec(line)
      if (fetched !== null) note(`  ${fetched[1]} (${fetched[2]})`)
      if (/ERROR/.test(line)) said.push(line.replace(/^.*?ERROR\S*\s*/, ''))
    }
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  const reason = said.find((line) => line.length > 0) ?? `mvn ended with ${code}`
  throw new ClusterDownloadFailed(
    directory,
    `Maven could not fetch Kafka's jars: ${reason}\nIs the network there, and does ~/.m2/settings.xml name a repository that has them?`,
  )
}
