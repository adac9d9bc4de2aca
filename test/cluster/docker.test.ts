/**
 * Clusters in Docker: what Docker is called with, word by word, and what is said when it does not answer. No daemon is needed.
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import {
  listArguments,
  logArguments,
  networkArguments,
  quorumArguments,
  removeArguments,
  removeDataArguments,
  runArguments,
  steerArguments,
} from '../../src/cluster/docker-commands.ts'
import { remover } from '../../src/cluster/docker.ts'
import { startCluster, type ClusterPlan } from '../../src/cluster/index.ts'

const plan: ClusterPlan = {
  kind: 'kraft',
  docker: true,
  clusterId: 'Zx-1_23456789abcdefABCD',
  nodes: [
    { id: 1, port: 9092, controllerPort: 9192 },
    { id: 2, port: 9093, controllerPort: 9193 },
    { id: 3, port: 9094, controllerPort: 9194 },
  ],
}
const name = 'veltrix-Zx123456789a'

test('a broker: loopback for clients, names for brokers, data in a volume, everything labelled', () => {
  const args = runArguments(plan, plan.nodes[1]!, { 'broker.rack': 'b' })
  const settings = args.filter((_, index) => args[index - 1] === '--env').toSorted()
  expect(args.slice(0, 16)).toEqual([
    'run',
    '--detach',
    '--name',
    `${name}-2`,
    '--hostname',
    `${name}-2`,
    '--network',
    name,
    '--label',
    'veltrix.cluster=Zx-1_23456789abcdefABCD',
    '--publish',
    '127.0.0.1:9093:9093',
    '--volume',
    `${name}-2:/var/lib/kafka/data`,
    '--env',
    'CLUSTER_ID=Zx-1_23456789abcdefABCD',
  ])
  expect(args.at(-1)).toBe('apache/kafka:4.3.1')
  expect(args).toHaveLength(16 + 2 * (settings.length - 1) + 1)
  const voters = [1, 2, 3].map((id) => `${id}@${name}-${id}:19093`).join(',')
  for (const setting of [
    'KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:9093,INTERNAL://veltrix-Zx123456789a-2:19092',
    'KAFKA_BROKER_RACK=b',
    'KAFKA_CONTROLLER_LISTENER_NAMES=CONTROLLER',
    `KAFKA_CONTROLLER_QUORUM_VOTERS=${voters}`,
    'KAFKA_DEFAULT_REPLICATION_FACTOR=3',
    'KAFKA_HEAP_OPTS=-Xms160m -Xmx320m',
    'KAFKA_INTER_BROKER_LISTENER_NAME=INTERNAL',
    'KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:9093,INTERNAL://0.0.0.0:19092,CONTROLLER://0.0.0.0:19093',
    'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'KAFKA_LOG_DIRS=/var/lib/kafka/data',
    'KAFKA_MIN_INSYNC_REPLICAS=2',
    'KAFKA_NODE_ID=2',
    'KAFKA_PROCESS_ROLES=broker,controller',
  ]) {
    expect(settings).toContain(setting)
  }
})

test('everything else', () => {
  expect(networkArguments(plan)).toEqual(['network', 'create', '--label', `veltrix.cluster=${plan.clusterId}`, name])
  expect(listArguments(plan)).toEqual([
    'ps',
    '--all',
    '--filter',
    `label=veltrix.cluster=${plan.clusterId}`,
    '--format',
    '{{.Names}} {{.State}}',
  ])
  expect(quorumArguments(plan, 3)).toEqual([
    'exec',
    `${name}-3`,
    'cat',
    '/var/lib/kafka/data/__cluster_metadata-0/quorum-state',
  ])
  expect(logArguments(plan, 1, 10)).toEqual(['logs', '--tail', '10', `${name}-1`])
  expect(steerArguments(plan, 'kill', [2])).toEqual(['kill', `${name}-2`])
  expect(steerArguments(plan, 'unpause', [2])).toEqual(['unpause', `${name}-2`])
  expect(steerArguments(plan, 'stop', [1, 2])).toEqual(['stop', '--time', '20', `${name}-1`, `${name}-2`])
  expect(removeArguments(plan)).toEqual([
    ['rm', '--force', `${name}-1`, `${name}-2`, `${name}-3`],
    ['network', 'rm', name],
  ])
  expect(removeDataArguments(plan)).toEqual(['volume', 'rm', '--force', `${name}-1`, `${name}-2`, `${name}-3`])
})

/** A `docker` that agrees to everything and writes down what it was asked; nothing runs. */
async function recordingDocker(): Promise<{ directory: string; asked(): Promise<string[]> }> {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-docker-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const record = join(directory, 'asked')
  await writeFile(join(directory, 'docker'), `#!/bin/sh\necho "$@" >> '${record}'\n`)
  await chmod(join(directory, 'docker'), 0o755)
  return { directory, asked: async () => (await readFile(record, 'utf8')).split('\n').slice(0, -1) }
}

test('without Java it is Docker that is asked, in this order, and what it made is removed when the start is given up', async () => {
  const { directory, asked } = await recordingDocker()
  const said: string[] = []
  const given = new AbortController()
  const start = startCluster({
    brokers: 1,
    env: { PATH: directory },
    note: (line) => said.push(line),
    signal: given.signal,
  })
  await expect
    .poll(async () => (await asked().catch(() => [])).join('\n'), { timeout: 20_000 })
    .toContain('run --detach')
  given.abort(new Error('enough'))
  await expect(start).rejects.toThrow('enough')
  expect(said[0]).toBe('Java 17 or newer is missing: the brokers run in Docker.')
  const words = (await asked()).map((line) => line.split(' ').slice(0, 2).join(' '))
  const steps = words.filter((each) => each !== 'ps --all' && !each.startsWith('logs'))
  expect(steps.slice(0, 7)).toEqual([
    // Whether it answers: to choose it, and when it is used.
    'info --format',
    'info --format',
    // What an earlier keeper may have left.
    'rm --force',
    'network rm',
    'image inspect',
    'network create',
    'run --detach',
  ])
  // Beside it the one that waits for the keeper's end, which may find nothing left to do: it removes all but the data.
  const removed = steps.slice(7)
  expect(new Set(removed)).toEqual(new Set(['rm --force', 'network rm', 'volume rm']))
  expect(removed.filter((step) => step === 'volume rm')).toHaveLength(1)
  expect(removed.indexOf('volume rm')).toBeGreaterThan(removed.indexOf('network rm'))
}, 60_000)

test('containers are removed when their keeper is gone', async () => {
  const { directory, asked } = await recordingDocker()
  const child = spawn(process.execPath, ['-e', remover, JSON.stringify(removeArguments(plan))], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${directory}:${process.env['PATH']}` },
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdin.destroy()
  await ended
  expect(await asked()).toEqual([`rm --force ${name}-1 ${name}-2 ${name}-3`, `network rm ${name}`])
})

test('no Docker', async () => {
  await expect(startCluster({ docker: true, env: { PATH: '/nowhere' } })).rejects.toMatchObject({
    code: 'VLX_CLUSTER_TOOL_MISSING',
    tool: 'docker',
    message: expect.stringContaining('There is no "docker" on the PATH'),
  })
})

test('a daemon that does not answer', async (context) => {
  const installed = await promisify(execFile)('docker', ['--version']).catch(() => undefined)
  if (installed === undefined) return context.skip('the docker command is not installed')
  const env = { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' }
  await expect(startCluster({ docker: true, env })).rejects.toMatchObject({
    code: 'VLX_CLUSTER_TOOL_MISSING',
    tool: 'docker',
    message: expect.stringMatching(/its daemon does not answer: .*unix:\/\/\/nowhere\/docker\.sock/),
  })
}, 60_000)
