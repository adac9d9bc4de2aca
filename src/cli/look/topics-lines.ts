/**
 * Topics and groups as tables.
 * @module
 */
import type { GroupView, PartitionView, TopicsView } from '../../dashboard/index.ts'
import { count, plural, span } from '../format.ts'
import type { Output } from '../output.ts'
import { tableLines, type Column } from '../table.ts'

type Screen = Pick<Output, 'paint' | 'width'>

const trouble = ['no leader', 'not in sync']

export function topicsLines(view: TopicsView, out: Screen): string[] {
  const { brokers, topics, groups } = view
  const hasCopies = brokers !== null
  const lagOf = worstLags(groups)
  const rows = topics.flatMap(({ name, partitions }) =>
    partitions.map((each) => {
      const lag = lagOf.get(`${name}/${each.partition}`)
      return [
        name,
        String(each.partition),
        count(each.end - each.earliest),
        lag === undefined ? '' : count(lag.lag),
        lag === undefined || lag.lagSeconds === null ? '' : span(lag.lagSeconds * 1_000),
        ...(hasCopies ? [each.leader ?? 'none', each.replicas?.join(',') ?? '', stateOf(each)] : []),
      ]
    }),
  )
  const copies: Column[] = [
    { title: 'LEADER', align: 'right' },
    { title: 'COPIES', dispensable: 1 },
    { title: 'STATE' },
  ]
  const columns: Column[] = [
    { title: 'TOPIC', flexible: true },
    { title: 'PARTITION', align: 'right' },
    { title: 'RECORDS', align: 'right' },
    { title: 'LAG', align: 'right' },
    { title: 'OLDEST', align: 'right' },
    ...(hasCopies ? copies : []),
  ]
  const { paint, width } = out
  const tint = (cell: string): string => (trouble.some((text) => cell.startsWith(text)) ? paint.bad(cell) : cell)
  return [
    ...(brokers === null ? [] : [brokersLine(brokers), '']),
    ...tableLines({ columns, rows, width, paint, tint }),
    '',
    ...groupLines(groups, out),
  ]
}

function brokersLine(brokers: NonNullable<TopicsView['brokers']>): string {
  const each = brokers.map(({ id, address, controller }) => `${id} at ${address}${controller ? ' (controller)' : ''}`)
  return `${plural(brokers.length, 'broker')}: ${each.join(', ')}`
}

function stateOf({ leader, replicas, inSync }: PartitionView): string {
  if (leader === null) return trouble[0]!
  const missing = (replicas ?? []).filter((id) => inSync?.includes(id) === false)
  return missing.length === 0 ? 'in sync' : `${trouble[1]}: ${missing.join(',')}`
}

/** Of each partition, the subscription that is furthest behind. */
function worstLags(groups: readonly GroupView[]): Map<string, { lag: number; lagSeconds: number | null }> {
  const worst = new Map<string, { lag: number; lagSeconds: number | null }>()
  for (const { partitions } of groups) {
    for (const { topic, partition, lag, lagSeconds } of partitions) {
      const place = `${topic}/${partition}`
      if (lag >= (worst.get(place)?.lag ?? 0)) worst.set(place, { lag, lagSeconds })
    }
  }
  return worst
}

function groupLines(groups: readonly GroupView[], { paint, width }: Screen): string[] {
  const rows = groups.map(({ group, members, partitions }) => [
    group,
    String(members.length),
    String(partitions.length),
    count(partitions.reduce((sum, { lag }) => sum + lag, 0)),
    members.map(({ clientId, partitions: held }) => `${clientId} (${held})`).join(', '),
  ])
  const columns = [
    { title: 'GROUP' },
    { title: 'MEMBERS', align: 'right' },
    { title: 'PARTITIONS', align: 'right' },
    { title: 'LAG', align: 'right' },
    { title: 'WHO (PARTITIONS HELD)', flexible: true },
  ] as const
  return tableLines({ columns, rows, width, paint })
}
