/**
 * A cluster as people read it.
 * @module
 */
import type { BrokerStatus, KeeperStatus } from '../../cluster/index.ts'
import type { Output } from '../output.ts'
import { tableLines } from '../table.ts'

/** A line for every broker, and where applications find them. */
export function statusLines(status: KeeperStatus, out: Pick<Output, 'paint' | 'width'>): string[] {
  const { paint } = out
  if (status.phase === 'starting') return [`The cluster is just starting (process ${status.keeper}).`]
  const { brokers, zookeeper } = status
  const rows = brokers.map(({ id, address, state, pid, container, controller }) => [
    String(id),
    address,
    state,
    container ?? (pid === null ? '-' : String(pid)),
    controller ? 'controller' : '',
  ])
  const columns = ['BROKER', 'ADDRESS', 'STATE', status.runner === 'docker' ? 'CONTAINER' : 'PID', '']
  return [
    `${titleOf(status)}, kept by process ${status.keeper}${status.phase === 'stopping' ? paint.warn(', stopping') : ''}`,
    '',
    ...tableLines({
      columns: columns.map((title) => ({ title })),
      rows,
      width: out.width,
      paint,
      tint: (cell, _, column) => (column === 2 ? stateTint(cell, paint) : cell),
    }).map((line) => line.trimEnd()),
    ...(zookeeper === null ? [] : [`ZooKeeper  ${zookeeper.address}  ${zookeeper.pid ?? paint.bad('ended')}`]),
    '',
    `KAFKA_BROKERS=${addressesOf(brokers)}`,
  ]
}

function addressesOf(brokers: readonly BrokerStatus[]): string {
  return brokers.map(({ address }) => address).join(',')
}

/** `Kafka 4.3.1 (KRaft), 3 brokers` */
function titleOf({ kind, version, runner, brokers }: Exclude<KeeperStatus, { phase: 'starting' }>): string {
  const quorum = kind === 'kraft' ? 'KRaft' : 'ZooKeeper'
  const place = runner === 'docker' ? ' in Docker' : ''
  return `Kafka ${version} (${quorum})${place}, ${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`
}

function stateTint(cell: string, paint: Output['paint']): string {
  if (cell.startsWith('running')) return paint.good(cell)
  return cell.startsWith('paused') ? paint.warn(cell) : paint.bad(cell)
}
