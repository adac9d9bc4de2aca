/**
 * Programs that a cluster needs from the machine.
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { jarsDirectory, type ClusterKind, type Environment } from './distribution.ts'
import { ClusterToolMissing } from './errors.ts'

const run = promisify(execFile)

/** Kafka 4 needs it. */
const leastJava = 17

/** @throws ClusterToolMissing */
export async function requireJava(env: Environment): Promise<void> {
  const said = await run('java', ['-version'], { env: env as NodeJS.ProcessEnv }).catch(() => undefined)
  const way = `Install Java ${leastJava} or newer (Debian: "apt install default-jre-headless"; macOS: "brew install openjdk"), or use Docker (--docker).`
  if (said === undefined)
    throw new ClusterToolMissing('java', `A Kafka broker needs Java, and there is no "java" on the PATH. ${way}`)
  const version = /version "(?:1\.)?(\d+)[^"]*"/.exec(said.stderr)
  if (Number(version?.[1] ?? 0) >= leastJava) return
  const found = version === null ? 'one that does not tell its version' : `Java ${version[1]}`
  throw new ClusterToolMissing(
    'java',
    `A Kafka broker needs Java ${leastJava} or newer; the "java" on the PATH is ${found}. ${way}`,
  )
}

/** @throws ClusterToolMissing */
export async function requireMaven(env: Environment, jars: string): Promise<void> {
  const found = await run('mvn', ['--version'], { env: env as NodeJS.ProcessEnv }).catch(() => undefined)
  if (found !== undefined) return
  throw new ClusterToolMissing(
    'mvn',
    `Kafka's jars are not in ${jars} yet, and there is no Maven ("mvn") on the PATH to fetch them. Install it (Debian: "apt install maven"; macOS: "brew install maven"), or use Docker (--docker).`,
  )
}

/** A broker lives under a shell that ends it. @throws ClusterToolMissing */
export function requireShell(): void {
  if (process.platform !== 'win32') return
  throw new ClusterToolMissing(
    'sh',
    'Brokers from jars need a POSIX shell, which Windows lacks. Use Docker (--docker), or WSL.',
  )
}

/** Why no cluster of `kind` can be started from jars here; undefined when one can. */
export async function missingTool(kind: ClusterKind, env: Environment): Promise<ClusterToolMissing | undefined> {
  try {
    requireShell()
    await requireJava(env)
    const jars = jarsDirectory(kind, env)
    if (!existsSync(jars)) await requireMaven(env, jars)
    return undefined
  } catch (error) {
    if (error instanceof ClusterToolMissing) return error
    throw error
  }
}
