/**
 * The words Docker is called with, as lists of arguments. Everything has a label with the cluster's id, by which it is found and removed.
 * @module
 */
import { kafkaVersions } from './distribution.ts'
import type { ClusterNode, ClusterPlan } from './plan.ts'
import { host } from './ports.ts'
import { brokerProperties, type Properties } from './settings.ts'

const image = `apache/kafka:${kafkaVersions.kraft}`
const label = 'veltrix.cluster'
const data = '/var/lib/kafka/data'
/** Inside the containers' own network every broker has the same ports. */
const internalPort = 19_092
const controllerPort = 19_093

/** Name of the network, and beginning of all other names. */
function clusterName({ clusterId }: ClusterPlan): string {
  // Docker's names begin with a letter or digit, and have no other signs than these.
  return `veltrix-${clusterId.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12)}`
}

export function containerName(plan: ClusterPlan, id: number): string {
  return `${clusterName(plan)}-${id}`
}

export function networkArguments(plan: ClusterPlan): string[] {
  return ['network', 'create', '--label', `${label}=${plan.clusterId}`, clusterName(plan)]
}

/** Starts a broker: clients reach it on loopback only, brokers each other by name. */
export function runArguments(plan: ClusterPlan, node: ClusterNode, more: Properties): string[] {
  const name = containerName(plan, node.id)
  const settings = Object.entries(containerProperties(plan, node, more))
  return [
    'run',
    '--detach',
    ...['--name', name],
    ...['--hostname', name],
    ...['--network', clusterName(plan)],
    ...['--label', `${label}=${plan.clusterId}`],
    ...['--publish', `${host}:${node.port}:${node.port}`],
    ...['--volume', `${name}:${data}`],
    ...['--env', `CLUSTER_ID=${plan.clusterId}`],
    ...['--env', 'KAFKA_HEAP_OPTS=-Xms160m -Xmx320m'],
    ...settings.flatMap(([property, value]) => ['--env', `${variableOf(property)}=${value}`]),
    image,
  ]
}

function containerProperties(plan: ClusterPlan, node: ClusterNode, more: Properties): Properties {
  const name = containerName(plan, node.id)
  return brokerProperties(plan, node, '', {
    'controller.quorum.voters': plan.nodes
      .map(({ id }) => `${id}@${containerName(plan, id)}:${controllerPort}`)
      .join(','),
    listeners: `PLAINTEXT://0.0.0.0:${node.port},INTERNAL://0.0.0.0:${internalPort},CONTROLLER://0.0.0.0:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${node.port},INTERNAL://${name}:${internalPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': data,
    ...more,
  })
}

/** The image takes properties from its environment: `a.b_c-d` as `KAFKA_A_B__C___D`. */
function variableOf(property: string): string {
  const name = property
    .replaceAll('-', '___')
    .replaceAll(/(?<!_)_(?!_)/g, '__')
    .replaceAll('.', '_')
  return `KAFKA_${name.toUpperCase()}`
}

export const readyArguments: readonly string[] = ['info', '--format', '{{.ServerVersion}}']
export const pullArguments: readonly string[] = ['pull', image]
export const imageArguments: readonly string[] = ['image', 'inspect', '--format', '{{.Id}}', image]

/** A line for every container of the cluster: name and state. */
export function listArguments({ clusterId }: ClusterPlan): string[] {
  return ['ps', '--all', '--filter', `label=${label}=${clusterId}`, '--format', '{{.Names}} {{.State}}']
}

/** The quorum's state, as the broker has written it down. */
export function quorumArguments(plan: ClusterPlan, id: number): string[] {
  return ['exec', containerName(plan, id), 'cat', `${data}/__cluster_metadata-0/quorum-state`]
}

export function logArguments(plan: ClusterPlan, id: number, count: number): string[] {
  return ['logs', '--tail', String(count), containerName(plan, id)]
}

/** `restart` starts one that ended, too; and `stop` ask a broker to end, and wait for 20 s at most. */
export function steerArguments(
  plan: ClusterPlan,
  what: 'kill' | 'pause' | 'unpause' | 'restart' | 'stop',
  ids: readonly number[],
): string[] {
  const patient = what === 'restart' || what === 'stop' ? ['--time', '20'] : []
  return [what, ...patient, ...ids.map((id) => containerName(plan, id))]
}

/** Containers and network; the data stays in its volumes. */
export function removeArguments(plan: ClusterPlan): string[][] {
  return [
    ['rm', '--force', ...plan.nodes.map(({ id }) => containerName(plan, id))],
    ['network', 'rm', clusterName(plan)],
  ]
}

export function removeDataArguments(plan: ClusterPlan): string[] {
  return ['volume', 'rm', '--force', ...plan.nodes.map(({ id }) => containerName(plan, id))]
}
