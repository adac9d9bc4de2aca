/**
 * Dead letters of all subscriptions, read once for all who look.
 * @module
 */
import type { Clock } from '../../clock.ts'
import { DeadLetters, type DeadLetterIndex } from '../../deadletter/index.ts'
import type { OpenLetter } from '../../telemetry/lag/index.ts'
import type { DashboardApp } from '../app.ts'
import { DashboardRefused } from '../errors.ts'

/** What the live figures need of one subscription. */
interface Numbers {
  readonly unresolved: number
  readonly parkedKeys: number
}

export class Letters {
  readonly desk: DeadLetters
  readonly #app: Pick<DashboardApp, 'open' | 'config'>
  readonly #indexes = new Map<string, DeadLetterIndex>()
  readonly #numbers = new Map<string, Numbers>()

  constructor(app: Pick<DashboardApp, 'open' | 'config'>, clock: Clock) {
    this.#app = app
    this.desk = new DeadLetters({ log: () => app.open(), config: app.config, clock })
  }

  /** @throws DashboardRefused */
  check(subscription: string): void {
    if (this.#app.config.subscriptions.has(subscription)) return
    throw new DashboardRefused('not-found', `There is no subscription ${JSON.stringify(subscription)}.`)
  }

  /** The index of a subscription, as new as the log is. @throws the log's errors */
  async index(subscription: string): Promise<DeadLetterIndex> {
    this.check(subscription)
    return this.desk.index(subscription)
  }

  /** Reads what is new of every subscription. @throws the log's errors */
  async refresh(): Promise<void> {
    for (const name of this.#app.config.subscriptions.keys()) {
      const index = await this.index(name)
      this.#indexes.set(name, index)
      this.#numbers.set(name, { unresolved: index.size, parkedKeys: [...index.heads()].length })
    }
  }

  /** As of the last refresh; undefined before the first. */
  unresolved(subscription: string): number | undefined {
    return this.#numbers.get(subscription)?.unresolved
  }

  parkedKeys(subscription: string): number | undefined {
    return this.#numbers.get(subscription)?.parkedKeys
  }

  /** Where the unresolved letters' events lie, as of the last look at the log. */
  *unresolvedOrigins(): Generator<OpenLetter> {
    for (const [subscription, index] of this.#indexes) {
      for (const { origin } of index.unresolved()) yield { subscription, origin }
    }
  }
}
