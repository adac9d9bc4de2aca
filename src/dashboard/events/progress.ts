/**
 * How far each subscription is with the events of one partition, by the log: positions, what is done above them, and dead letters.
 * @module
 */
import type { CompiledSubscription } from '../../config/index.ts'
import type { IndexedLetter } from '../../deadletter/index.ts'
import { letterId } from '../../deadletter/index.ts'
import type { TopicPartition } from '../../transport/index.ts'
import { decodeCommitState, type OpenEntry, type StoredProgress } from '../../worker/index.ts'
import type { DashboardApp } from '../app.ts'
import type { EventState } from '../api/index.ts'
import type { Letters } from '../letters/letters.ts'

/** One subscription at one partition. */
export class SubscriptionProgress {
  readonly subscription: CompiledSubscription
  readonly #place: TopicPartition
  readonly #committed: number | undefined
  readonly #stored: StoredProgress | undefined
  readonly #letterOf: (id: string) => IndexedLetter | undefined

  constructor(
    subscription: CompiledSubscription,
    place: TopicPartition,
    position: { readonly offset: number; readonly metadata: Uint8Array } | undefined,
    letterOf: (id: string) => IndexedLetter | undefined,
  ) {
    this.subscription = subscription
    this.#place = place
    this.#committed = position?.offset
    this.#stored = position && decodeCommitState(position.offset, position.metadata)
    this.#letterOf = letterOf
  }

  letterAt(offset: number): IndexedLetter | undefined {
    return this.#letterOf(letterId({ ...this.#place, offset }))
  }

  /** Failed attempts that were counted, where it is not done. */
  attemptsAt(offset: number): OpenEntry | undefined {
    const entry = this.#stored?.attemptsAt(offset)
    return entry !== undefined && entry.attempts > 0 ? entry : undefined
  }

  /** By the last commit, which may be some moments old. */
  stateOf(offset: number, key: string): EventState {
    const letter = this.letterAt(offset)
    if (letter !== undefined) return letter.kind
    if (this.#committed === undefined) return 'waiting'
    if (offset < this.#committed) return 'done'
    if (this.#stored!.isDone(offset, key)) return 'done'
    return this.attemptsAt(offset) === undefined ? 'waiting' : 'retrying'
  }
}

/** All subscriptions that read the topic. @throws the log's errors */
export async function progressAt(
  app: Pick<DashboardApp, 'open' | 'config'>,
  letters: Letters,
  place: TopicPartition,
): Promise<SubscriptionProgress[]> {
  const subscriptions = [...app.config.subscriptions.values()].filter(({ topics }) =>
    topics.some(({ topic }) => topic === place.topic),
  )
  if (subscriptions.length === 0) return []
  const log = await app.open()
  const groups = await log.admin.groups(subscriptions.map(({ group }) => group))
  return Promise.all(
    subscriptions.map(async (subscription) => {
      const index = await letters.index(subscription.name)
      const position = groups
        .find(({ group }) => group === subscription.group)
        ?.positions.find(({ topic, partition }) => topic === place.topic && partition === place.partition)
      return new SubscriptionProgress(subscription, place, position, (id) => index.get(id))
    }),
  )
}

const worstFirst: readonly EventState[] = ['dead', 'parked', 'retrying', 'running', 'waiting', 'done', 'unknown']

/** Of several subscriptions: where it is worst. */
export function worst(states: readonly EventState[]): EventState {
  return worstFirst.find((state) => states.includes(state)) ?? 'unknown'
}
