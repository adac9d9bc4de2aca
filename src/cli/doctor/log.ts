/**
 * The log: topics against the typed file, groups, the ends of every partition, how far subscriptions are.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import type { Log, TopicSpec } from '../../transport/index.ts'
import { count, moment, plural, span } from '../format.ts'
import type { LaneLag } from '../../telemetry/lag/index.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

const readBytes = 64 * 1024
/** Clocks of machines that publish differ a little. */
const toleratedAheadMs = 5 * 60_000

/** Topics there are against those the typed file needs. */
export function topicFindings(existing: readonly TopicSpec[], needed: readonly TopicSpec[], app: string): Finding[] {
  const byName = new Map(existing.map((topic) => [topic.name, topic]))
  const names = new Set(needed.map((topic) => topic.name))
  const findings: Finding[] = []
  const missing = needed.filter((topic) => !byName.has(topic.name))
  for (const topic of needed) {
    const found = byName.get(topic.name)
    if (found === undefined || found.partitions === topic.partitions) continue
    findings.push(
      wrong(
        'topics',
        `${topic.name} has ${plural(found.partitions, 'partition')}, the typed file says ${topic.partitions}`,
        `Set it back to ${found.partitions}, or give the stream a new name: changing it would move keys.`,
      ),
    )
  }
  const stale = existing.filter(
    // What begins with "_" is Veltrix's own: the ledger of plans.
    ({ name }) => name.startsWith(`${app}.`) && !name.startsWith(`${app}._`) && !names.has(name),
  )
  if (stale.length > 0) {
    findings.push(
      warn(
        'topics',
        `not in the typed file any more: ${listed(stale.map((topic) => topic.name))}`,
        'Nobody reads them; their events stay until retention removes them.',
      ),
    )
  }
  if (missing.length > 0)
    findings.push(ok('topics', `${plural(missing.length, 'topic')} will be made at the next start`))
  return findings.length > 0 ? findings : [ok('topics', `${plural(needed.length, 'topic')} as the typed file says`)]
}

/** Groups of the app that no subscription has. */
export async function staleGroups(log: Log, config: CompiledConfig): Promise<Finding> {
  const known = new Set([...config.subscriptions.values()].map((sub) => sub.group))
  const stale = (await log.admin.groups()).filter(
    ({ group }) => group.startsWith(`${config.app}.`) && !group.startsWith(`${config.app}._`) && !known.has(group),
  )
  if (stale.length === 0) return ok('groups', `${plural(known.size, 'group')}, none left over`)
  return warn(
    'groups',
    `positions of subscriptions that are gone: ${listed(stale.map(({ group }) => group))}`,
    'Harmless; a subscription that gets its old name back goes on from there.',
  )
}

/**
 * Reads the first and the last records of every partition, so that a damaged file shows. Not a full check: that would read everything.
 */
export async function partitionEnds(log: Log, topics: readonly TopicSpec[], now: number): Promise<Finding[]> {
  const offsets = await log.admin.offsets(topics.map((topic) => topic.name))
  let records = 0
  let newest = -Infinity
  try {
    for (const { topic, partition, earliest, end } of offsets) {
      records += end - earliest
      for (const offset of new Set([earliest, Math.max(earliest, end - 1)])) {
        if (offset >= end) continue
        const batch = await log.read({ topic, partition, offset, maxBytes: readBytes, maxWaitMs: 0 })
        for (const record of batch.records) newest = Math.max(newest, record.timestamp)
      }
    }
  } catch (error) {
    return [
      wrong(
        'integrity',
        (error as Error).message,
        'Restore the directory from a copy, or move it away to start empty.',
      ),
    ]
  }
  const whole = ok(
    'integrity',
    `both ends of ${plural(offsets.length, 'partition')} are whole (${plural(records, 'record')})`,
  )
  if (newest <= now + toleratedAheadMs) return [whole]
  const ahead = warn(
    'clock',
    `the newest event is of ${moment(newest)}, ${span(newest - now)} ahead of this clock`,
    'Set the clocks of the machines that publish; waiting times and retention go by them.',
  )
  return [whole, ahead]
}

/** Which subscriptions nobody runs while events wait. */
export function lagFindings(rows: readonly LaneLag[]): Finding[] {
  const findings: Finding[] = []
  for (const [subscription, lanes] of Map.groupBy(rows, (row) => row.subscription)) {
    const waiting = lanes.reduce((sum, lane) => sum + lane.lag, 0)
    const members = new Set(lanes.flatMap((lane) => lane.members))
    if (waiting > 0 && members.size === 0) {
      findings.push(
        warn(
          'lag',
          `${subscription}: ${plural(waiting, 'event')} wait and no worker runs`,
          'Start the app: veltrix dev, or app.run().',
        ),
      )
    } else {
      findings.push(ok('lag', `${subscription}: ${count(waiting)} waiting, ${plural(members.size, 'worker')}`))
    }
  }
  return findings
}

export function deadFinding(
  counts: ReadonlyMap<string, { readonly total: number; readonly oldestAt?: number }>,
  now: number,
): Finding {
  const kept = [...counts].filter(([, { total }]) => total > 0)
  if (kept.length === 0) return ok('dead letters', 'none')
  const each = kept.map(
    ([name, { total, oldestAt }]) =>
      `${name} ${count(total)}${oldestAt === undefined ? '' : ` (oldest ${span(now - oldestAt)})`}`,
  )
  return warn('dead letters', each.join(', '), 'See "veltrix dead list"; then redrive or discard them.')
}

function listed(names: readonly string[]): string {
  const most = 8
  return names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')
}
