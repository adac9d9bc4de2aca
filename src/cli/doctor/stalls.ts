/**
 * Partitions that stand still: a worker holds them, events wait, and the position does not move.
 * @module
 */
import { sleep, type Clock } from '../../clock.ts'
import type { CompiledConfig } from '../../config/index.ts'
import { partitionLags, type PartitionLag } from '../../telemetry/lag/index.ts'
import type { Log } from '../../transport/index.ts'
import { listed, plural, span } from '../format.ts'
import { ok, warn, type Finding } from './finding.ts'

/** Looks twice, `observeMs` apart; only once where nothing waits. */
export async function stallFinding(
  log: Log,
  config: CompiledConfig,
  { observeMs, clock }: { readonly observeMs: number; readonly clock: Clock },
): Promise<Finding> {
  const before = (await partitionLags(log, config)).filter(isWorkedOn)
  if (before.length === 0) return ok('stalls', 'nothing waits where a worker is')
  const stateBefore = await commitStates(log, config)
  await sleep(clock, observeMs)
  const [after, stateAfter] = [await partitionLags(log, config), await commitStates(log, config)]
  const byId = new Map(after.map((row) => [idOf(row), row]))
  const still = before.filter((row) => {
    const now = byId.get(idOf(row))
    if (now === undefined || !isWorkedOn(now) || now.member !== row.member || now.next !== row.next) return false
    // What is done above the position is in what was committed with it: then only one key stands.
    return stateBefore.get(idOf(row)) === stateAfter.get(idOf(row))
  })
  if (still.length === 0) return ok('stalls', `all positions with events before them moved within ${span(observeMs)}`)
  const each = still.map(
    ({ subscription, topic, partition, lag, member }) =>
      `${topic}/${partition} (${subscription}, ${plural(lag, 'event')}, held by ${member})`,
  )
  return warn(
    'stalls',
    `${plural(still.length, 'position')} did not move for ${span(observeMs)} while events wait: ${listed(each)}`,
    'Look at these workers: a handler that takes longer than that, a paused subscription, an outage of what handlers call, or a process that hangs. Restart one that nothing explains.',
  )
}

function isWorkedOn({ lag, member }: PartitionLag): boolean {
  return lag > 0 && member !== null
}

async function commitStates(log: Log, config: CompiledConfig): Promise<ReadonlyMap<string, string>> {
  const subscriptions = new Map([...config.subscriptions.values()].map(({ group, name }) => [group, name]))
  const groups = await log.admin.groups([...subscriptions.keys()])
  return new Map(
    groups.flatMap(({ group, positions }) =>
      positions.map(({ topic, partition, metadata }) => [
        idOf({ subscription: subscriptions.get(group)!, topic, partition }),
        Buffer.from(metadata).toString('base64'),
      ]),
    ),
  )
}

function idOf({ subscription, topic, partition }: Pick<PartitionLag, 'subscription' | 'topic' | 'partition'>): string {
  return `${subscription}/${topic}/${partition}`
}
