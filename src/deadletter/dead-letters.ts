/**
 * Dead letters by hand: list, show, redrive, discard, audit, count.
 * @module
 */
import { hostname, userInfo } from 'node:os'
import type { Clock } from '../clock.ts'
import type { CompiledConfig, CompiledSubscription } from '../config/index.ts'
import type { Log } from '../transport/index.ts'
import { auditTrail } from './audit-trail.ts'
import { countLetters, type LetterCounts } from './counts.ts'
import { DeadLetterIndex } from './dead-letter-index.ts'
import type { Desk, LetterResult } from './desk.ts'
import { discard, type DiscardOptions } from './discard.ts'
import { dryRun, type DryRun } from './dry-run.ts'
import { DeadLetterRequestInvalid, DeadLetterUnknown } from './errors.ts'
import { groupsOf, type LetterGroup } from './groups.ts'
import type { AuditEntry } from './letter.ts'
import { pageOf, type LetterPage } from './page.ts'
import { redrive, type RedriveOptions } from './redrive.ts'
import { replace, type ReplaceOptions, type Replacement } from './replace.ts'
import type { LetterFilter, LetterSelection } from './selection.ts'
import { showLetter, type ShownLetter } from './show.ts'
import { parkedKeysOf, type ParkedKeys } from './waiting-keys.ts'

export interface DeadLettersOptions {
  /** The open log, or how to get it when it is first needed. */
  readonly log: Log | (() => Promise<Log>)
  readonly config: CompiledConfig
  readonly clock: Clock
  /** Who acts, for the audit. Default: user and host of this process. */
  readonly by?: string
}

/** Every method reads what is new first, so it sees what was written before the call. */
export class DeadLetters {
  readonly #options: DeadLettersOptions
  readonly #by: string
  readonly #indexes: Map<string, DeadLetterIndex>

  constructor(options: DeadLettersOptions, indexes = new Map<string, DeadLetterIndex>()) {
    this.#options = options
    this.#by = options.by ?? whoami()
    this.#indexes = indexes
  }

  /** The same letters, read once for both, with somebody else who acts. */
  as(by: string): DeadLetters {
    return new DeadLetters({ ...this.#options, by }, this.#indexes)
  }

  /** What is unresolved, as new as the log is. @throws DeadLetterRequestInvalid, LogUnavailable */
  async index(subscription: string): Promise<DeadLetterIndex> {
    return (await this.#desk(subscription)).index
  }

  /**
   * Unresolved letters that match, newest first (by when they were kept).
   * @param page `limit` letters (default 100, at most 10,000), `after` a page's `next`
   * @throws DeadLetterRequestInvalid, LogUnavailable
   */
  async list(
    subscription: string,
    filter: LetterFilter = {},
    page: { limit?: number; after?: string } = {},
  ): Promise<LetterPage> {
    const { index } = await this.#desk(subscription)
    return pageOf(index, filter, page)
  }

  /**
   * Unresolved letters by how they failed: one line for each reason, error and message but for its numbers, ids and quotations;
   * the largest first.
   * @throws DeadLetterRequestInvalid, LogUnavailable
   */
  async groups(subscription: string, filter: LetterFilter = {}): Promise<readonly LetterGroup[]> {
    const { index } = await this.#desk(subscription)
    return groupsOf(index.unresolved(), filter)
  }

  /**
   * Keys that stand still behind a dead letter (`park-key`), those with most followers first.
   * @param options `limit` keys (default 100, at most 10,000)
   * @throws DeadLetterRequestInvalid, LogUnavailable
   */
  async parkedKeys(subscription: string, { limit = 100 }: { limit?: number } = {}): Promise<ParkedKeys> {
    const { index } = await this.#desk(subscription)
    return parkedKeysOf(index, limit)
  }

  /**
   * One letter with its event, its story, what happened to it, and what waits behind it.
   * @throws DeadLetterUnknown, DeadLetterRequestInvalid, LogUnavailable
   */
  async show(subscription: string, id: string): Promise<ShownLetter> {
    const desk = await this.#desk(subscription)
    const letter = desk.index.get(id)
    if (letter === undefined) throw new DeadLetterUnknown(subscription, id)
    return showLetter(desk, letter)
  }

  /**
   * What a redrive or a discard of these letters would do, in figures. Changes nothing.
   * @throws DeadLetterRequestInvalid, LogUnavailable
   */
  async dryRun(subscription: string, action: 'redrive' | 'discard', selection: LetterSelection): Promise<DryRun> {
    return dryRun(await this.#desk(subscription), action, selection)
  }

  /**
   * Asks the workers to run the selected letters again, through their subscription's own handler.
   * @throws DeadLetterRequestInvalid, the signal's reason, LogUnavailable, LogFull
   */
  async redrive(
    subscription: string,
    selection: LetterSelection,
    options: RedriveOptions = {},
  ): Promise<readonly LetterResult[]> {
    return redrive(await this.#desk(subscription), selection, options)
  }

  /**
   * Puts another payload in the place of a letter's and asks the workers to run it there: before the events that wait behind it. Fields
   * that still hold the mask of a secret keep their value. The event gets another id (the same for the same payload, so a repeat changes
   * nothing) and names its cause as `causationid`.
   * @throws DeadLetterUnknown, DeadLetterRequestInvalid (also when the payload would have another key), EventInvalid, EventTooLarge,
   * EventUnknownType, LogUnavailable, LogFull
   */
  async replace(subscription: string, id: string, options: ReplaceOptions): Promise<Replacement> {
    return replace(await this.#desk(subscription), id, options)
  }

  /**
   * Lets the selected letters go; a parked key's followers then run.
   * @throws DeadLetterRequestInvalid, LogUnavailable, LogFull
   */
  async discard(
    subscription: string,
    selection: LetterSelection,
    options: DiscardOptions,
  ): Promise<readonly LetterResult[]> {
    return discard(await this.#desk(subscription), selection, options)
  }

  /**
   * What was done, newest first; also to letters that are resolved.
   * @param options `limit` entries (default 100); `letter`: only those that name this id
   * @throws DeadLetterRequestInvalid, LogUnavailable
   */
  async audit(subscription: string, options: { limit?: number; letter?: string } = {}): Promise<readonly AuditEntry[]> {
    const sub = this.#subscription(subscription)
    return auditTrail(await this.#log(), sub, { limit: 100, ...options })
  }

  /** Unresolved letters of every subscription, in figures. @throws LogUnavailable */
  async counts(): Promise<ReadonlyMap<string, LetterCounts>> {
    const counts = new Map<string, LetterCounts>()
    for (const name of this.#options.config.subscriptions.keys()) {
      const { index } = await this.#desk(name)
      counts.set(name, countLetters(index))
    }
    return counts
  }

  async #desk(name: string): Promise<Desk> {
    const sub = this.#subscription(name)
    const log = await this.#log()
    let index = this.#indexes.get(name)
    if (index === undefined) {
      index = new DeadLetterIndex(log, sub)
      this.#indexes.set(name, index)
    }
    await index.refresh()
    return { log, clock: this.#options.clock, config: this.#options.config, sub, index, by: this.#by }
  }

  #log(): Promise<Log> | Log {
    const { log } = this.#options
    return typeof log === 'function' ? log() : log
  }

  #subscription(name: string): CompiledSubscription {
    const { subscriptions } = this.#options.config
    const sub = subscriptions.get(name)
    if (sub) return sub
    throw new DeadLetterRequestInvalid(
      'subscription',
      `there is no "${name}"; the typed file has ${[...subscriptions.keys()].join(', ') || 'none'}`,
    )
  }
}

function whoami(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return `unknown@${hostname()}`
  }
}
