/**
 * What is said when the machine lacks something that a cluster needs. No broker is started here.
 * @module
 */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { jarsDirectory, removeCluster, startCluster, type Environment } from '../../src/cluster/index.ts'
import { requireJava } from '../../src/cluster/tools.ts'
import { missingKafka } from '../support/kafka-cluster.ts'
import { requirePart } from '../support/parts.ts'

const run = promisify(execFile)
let scratch: string

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'veltrix-machine-'))
  return () => rm(scratch, { recursive: true, force: true })
})

/** Where `name` is on the PATH; undefined when it is not. */
async function found(name: string): Promise<string | undefined> {
  const said = await run('sh', ['-c', `command -v ${name}`]).catch(() => undefined)
  return said?.stdout.trim()
}

/** A PATH with these programs of this machine and no others, and a cache with nothing in it. */
async function machineWith(...programs: string[]): Promise<Environment> {
  const bin = join(scratch, 'bin')
  await mkdir(bin, { recursive: true })
  for (const name of programs) await symlink((await found(name))!, join(bin, name))
  return { PATH: bin, XDG_CACHE_HOME: join(scratch, 'cache') }
}

test('no Java', async () => {
  const env = await machineWith()
  await expect(startCluster({ env })).rejects.toMatchObject({
    code: 'VLX_CLUSTER_TOOL_MISSING',
    tool: 'java',
    message: expect.stringMatching(/there is no "java" on the PATH\. Install Java 17 or newer .*--docker/),
  })
})

test.each([
  ['openjdk version "11.0.27" 2025-04-15', 'the "java" on the PATH is Java 11.'],
  ['java version "1.8.0_452"', 'the "java" on the PATH is Java 8.'],
  ['hello', 'the "java" on the PATH is one that does not tell its version.'],
])('a Java that says %j is too old', async (says, words) => {
  await writeFile(join(scratch, 'java'), `#!/bin/sh\necho '${says}' >&2\n`)
  await chmod(join(scratch, 'java'), 0o755)
  const env = { PATH: `${scratch}${delimiter}/usr/bin${delimiter}/bin` }
  await expect(requireJava(env)).rejects.toMatchObject({
    code: 'VLX_CLUSTER_TOOL_MISSING',
    message: expect.stringContaining(words),
  })
})

test('no Maven, and no jars yet', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const env = await machineWith('java')
  await expect(startCluster({ env })).rejects.toMatchObject({
    code: 'VLX_CLUSTER_TOOL_MISSING',
    tool: 'mvn',
    message: expect.stringContaining(`Kafka's jars are not in ${jarsDirectory('kraft', env)} yet`),
  })
})

test('Maven cannot fetch the jars: its reason is told, and nothing half done stays', async (context) => {
  await requirePart(context, 'Maven', async () => ((await found('mvn')) ? undefined : 'mvn is not on the PATH'))
  await mkdir(join(scratch, '.m2'))
  await writeFile(join(scratch, '.m2', 'settings.xml'), '<settings><offline>true</offline></settings>')
  const env = { ...process.env, MAVEN_OPTS: `-Duser.home=${scratch}`, XDG_CACHE_HOME: join(scratch, 'cache') }
  await expect(startCluster({ env })).rejects.toMatchObject({
    code: 'VLX_CLUSTER_DOWNLOAD',
    retryable: true,
    message: expect.stringMatching(/Maven could not fetch Kafka's jars: .*offline/),
  })
  expect(await readdir(join(jarsDirectory('kraft', env), '..'))).toEqual([])
}, 60_000)

test('a port that is taken is named, and whose it would be', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  // The controller of broker 1 is 100 above its first port.
  for (const [first, whose] of [
    [port, 'broker 1'],
    [port - 100, 'the controller of broker 1'],
  ] as const) {
    await expect(startCluster({ brokers: 1, port: first })).rejects.toMatchObject({
      code: 'VLX_CLUSTER_PORT_TAKEN',
      port,
      message: expect.stringContaining(`Port ${port} of ${whose} on 127.0.0.1: something else listens there.`),
    })
  }
})

test('a start that is given up leaves nothing', async (context) => {
  await requirePart(context, 'Kafka', missingKafka)
  const given = new AbortController()
  const start = startCluster({ brokers: 1, directory: scratch, port: 0, signal: given.signal })
  await expect.poll(() => readdir(scratch), { timeout: 30_000, interval: 20 }).toContain('1.log')
  given.abort(new Error('enough'))
  await expect(start).rejects.toThrow('enough')
  // Everything there is of the cluster, and nothing else, is removed.
  await writeFile(join(scratch, 'notes.txt'), 'mine')
  await removeCluster(scratch)
  expect(await readdir(scratch)).toEqual(['notes.txt'])
}, 60_000)
