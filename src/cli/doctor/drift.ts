/**
 * The typed file against the log: what a plan would change, and schemas against those that were recorded.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import { nothingAllowed, planFor, type Change, type Planned } from '../../topology/index.ts'
import type { Log } from '../../transport/index.ts'
import { listed, plural } from '../format.ts'
import { ok, warn, wrong, type Finding } from './finding.ts'

/** Of a log that has plans; what `topicFindings` tells already is left out. */
export async function driftFindings(log: Log, config: CompiledConfig): Promise<Finding[]> {
  if (log.admin.topology === undefined) return []
  const planned = await planFor({ log, config, allowed: nothingAllowed })
  return [...topologyFindings(planned), ...schemaFindings(planned), ...settingFindings(planned)]
}

function topologyFindings({ plan, actual }: Planned): Finding[] {
  // Topics that are missing are made at the start, and adopting one changes nothing about it.
  const kinds = new Set<Change['kind']>(['set', 'replicas', 'forget', 'delete', 'blocked'])
  const differing = plan.changes.filter(
    ({ kind, subject, what }) => kinds.has(kind) && !subject.startsWith('event ') && !what.startsWith('partitions '),
  )
  const stuck = differing.filter(({ kind }) => kind === 'blocked')
  const findings = stuck.map(({ subject, what, reason }) =>
    wrong('topology', `${subject}: ${what}: ${reason}`, 'See "veltrix plan" for the safe way.'),
  )
  const others = differing.filter(({ kind }) => kind !== 'blocked')
  if (others.length > 0) {
    const texts = others.map(({ subject, what }) => `${subject} ${what}`)
    findings.push(
      warn(
        'topology',
        `${plural(texts.length, 'difference')} to the typed file: ${listed(texts)}`,
        'See "veltrix plan"; "veltrix apply" makes it so.',
      ),
    )
  }
  if (actual.ledger.begun !== undefined) {
    const { by, since } = actual.ledger.begun
    findings.push(
      warn(
        'topology',
        `a plan was begun by ${by} at ${since}, and has not ended`,
        'Run "veltrix apply" again, unless it still runs.',
      ),
    )
  }
  return findings.length > 0 ? findings : [ok('topology', 'settings and copies of topics as the typed file says')]
}

function schemaFindings({ plan, actual, desired }: Planned): Finding[] {
  const changes = plan.changes.filter(({ subject }) => subject.startsWith('event '))
  const breaking = changes.filter(({ kind }) => kind === 'blocked')
  const changed = changes.filter(({ symbol }) => symbol === '~')
  const findings = breaking.map(({ subject, what, details = [] }) =>
    wrong(
      'schemas',
      `${subject}: ${what}: ${details.slice(0, -1).join('; ')}`,
      'Keep the old fields as they were, or publish a new event type ("veltrix plan" says more).',
    ),
  )
  if (changed.length > 0) {
    const names = changed.map(({ subject }) => subject.replace(/^event /, ''))
    findings.push(
      warn(
        'schemas',
        `not as recorded, and readable: ${listed(names)}`,
        'Run "veltrix apply", so that later changes are checked against these.',
      ),
    )
  }
  if (findings.length > 0) return findings
  const recorded = [...desired.schemas.keys()].filter((type) => actual.ledger.schemas.has(type)).length
  if (recorded === 0)
    return [ok('schemas', 'none is recorded: "veltrix apply" does it, and changes are checked from then on')]
  return [ok('schemas', `${plural(recorded, 'schema')} as recorded, of ${plural(desired.schemas.size, 'event')}`)]
}

/** Settings of brokers, and what a schema leaves uncertain. */
function settingFindings({ plan }: Planned): Finding[] {
  return plan.warnings.map(({ subject, says, mend }) => warn('settings', `${subject}: ${says}`, mend))
}
