/**
 * Carrying out single steps. Each can be repeated: one that was cut off, or was done already, ends the same.
 * @module
 */
import { sleep, type Clock } from '../clock.ts'
import type { Log, TopicState, TopologyAdmin } from '../transport/index.ts'
import type { MoveReplicas, Step } from './change.ts'
import type { LedgerEntry, OwnedTopic } from './ledger.ts'
import { settledReplicas } from './placement.ts'

export interface StepContext {
  readonly log: Log
  readonly topology: TopologyAdmin
  readonly clock: Clock
  /** Called before anything is changed, and again and again while copies move. @throws PlanLockLost */
  readonly confirm: () => Promise<void>
  /** Copies of how many partitions are in place. */
  readonly moved: (step: MoveReplicas, done: number, total: number) => void
}

/** Between two looks at copies that are moved. */
const pollMs = 300

/** @returns what the ledger is to say afterwards */
export async function carryOut(step: Step, context: StepContext): Promise<readonly LedgerEntry[]> {
  const { topology, log } = context
  await context.confirm()
  switch (step.kind) {
    case 'create':
      await topology.create(step.spec)
      return [await ownership(step.subject, 'made', context)]
    case 'adopt':
      return [await ownership(step.subject, 'adopted', context)]
    case 'set':
      await topology.set(step.subject, { [step.setting]: step.to ?? Infinity })
      return []
    case 'replicas':
      await moveCopies(step, context)
      return []
    case 'partitions':
      await topology.addPartitions!(step.subject, step.to)
      return []
    case 'delete':
      await log.admin.deleteTopic(step.subject).catch((error: unknown) => {
        // Gone already: an earlier try got as far as this.
        if ((error as { code?: string }).code !== 'VLX_TOPIC_UNKNOWN') throw error
      })
      return [{ topic: step.subject, value: undefined }]
    case 'forget':
      return [{ topic: step.subject, value: undefined }]
    case 'schema':
      return [{ type: step.type, value: step.schema }]
  }
}

async function ownership(topic: string, how: OwnedTopic['how'], context: StepContext): Promise<LedgerEntry> {
  const state = await stateOf(topic, context)
  return { topic, value: { id: state.id, how, since: new Date(context.clock.now()).toISOString() } }
}

async function moveCopies(step: MoveReplicas, context: StepContext): Promise<void> {
  const { topology, clock } = context
  if (step.moves.length > 0) {
    await topology.reassign!(step.moves.map(({ partition, to }) => ({ topic: step.subject, partition, replicas: to })))
  }
  for (;;) {
    const { partitions } = await stateOf(step.subject, context)
    const isInPlace = (state: TopicState['partitions'][number]): boolean =>
      state.adding.length === 0 && state.removing.length === 0 && settledReplicas(state).length === step.copies
    const done = partitions.filter(isInPlace).length
    context.moved(step, done, partitions.length)
    if (done === partitions.length) return
    await sleep(clock, pollMs)
    await context.confirm()
  }
}

async function stateOf(topic: string, { topology }: StepContext): Promise<TopicState> {
  const state = (await topology.topics(topic)).find(({ name }) => name === topic)
  if (state === undefined) throw new Error(`The topic ${topic} went away while the plan was applied.`)
  return state
}
