/**
 * An inbox in SQLite. Effects that wait at the same time share one transaction, each in a savepoint of its own, so that
 * they share its fsync; none sees whether it was alone.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { DatabaseSync } from 'node:sqlite'
import { systemClock, type Clock } from '../clock.ts'
import { InboxUnavailable } from './errors.ts'
import { pruneEvery, pruneStep, type InboxEntry, type InboxStore, type OnceResult } from './inbox.ts'
import { Nesting } from './nesting.ts'
import { connect, ConnectionBusy, patiently } from './sqlite-connection.ts'
import { SqliteStatements } from './sqlite-statements.ts'
import { doneBefore, storedValue } from './stored-value.ts'

export interface SqliteInboxOptions {
  /**
   * The connection effects write through. Its settings stay as they are; with `journal_mode=WAL` and `synchronous=FULL` an effect survives a
   * power cut, with `NORMAL` the last moments before one may be missing while the log already counts their events as handled.
   * Give it to the inbox alone: what else runs on it during an asynchronous effect becomes part of that effect's transaction.
   */
  readonly database?: DatabaseSync
  /** Or a file: the inbox opens a connection of its own to it (WAL, `synchronous=FULL`) and hands it to effects as `tx`. */
  readonly path?: string
  /** How long to wait while another process is writing. Milliseconds, default 5,000. */
  readonly busyTimeoutMs?: number
  readonly clock?: Clock
}

interface Job {
  readonly entry: InboxEntry
  readonly run: (tx: DatabaseSync) => unknown
  readonly resolve: (result: OnceResult<unknown>) => void
  readonly reject: (error: unknown) => void
}

/** What to tell a caller once the transaction has ended. */
type Ending = { readonly result: OnceResult<unknown> } | { readonly error: unknown }

const maxGroup = 256

/**
 * Effects should be synchronous, as `DatabaseSync` is. An asynchronous one holds the connection, and all other effects, until it ends.
 * @throws TypeError unless exactly one of `database` and `path` is given
 */
export function sqliteInbox(options: SqliteInboxOptions): InboxStore<DatabaseSync> {
  if ((options.database === undefined) === (options.path === undefined)) {
    throw new TypeError('sqliteInbox: give either database (an open connection) or path (a file)')
  }
  return new SqliteInbox(options)
}

class SqliteInbox implements InboxStore<DatabaseSync> {
  readonly #options: SqliteInboxOptions
  readonly #clock: Clock
  readonly #nesting = new Nesting()
  readonly #queue: Job[] = []
  readonly #chores: (() => Promise<void>)[] = []
  #draining: Promise<void> | undefined
  #opening: Promise<void> | undefined
  #open: { readonly database: DatabaseSync; readonly statements: SqliteStatements } | undefined
  #closed = false
  /** The last effect was asynchronous: the next ones run alone, so that none waits for another's commit. */
  #alone = false
  #effects = 0

  constructor(options: SqliteInboxOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  open(): Promise<void> {
    this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined
      throw unavailable('open', error)
    })
    return this.#opening
  }

  async #connect(): Promise<void> {
    if (this.#closed) throw new Error('it is closed')
    const { path, database = await connect(path!) } = this.#options
    const statements = await this.#patiently(() => {
      if (path !== undefined) database.exec('pragma journal_mode = wal; pragma synchronous = full')
      return new SqliteStatements(database)
    })
    this.#open = { database, statements }
  }

  async once<T>(entry: InboxEntry, run: (tx: DatabaseSync) => T | Promise<T>): Promise<OnceResult<T>> {
    this.#nesting.refuse(entry.effect)
    if (this.#closed) throw unavailable('run an effect', new Error('it is closed'))
    if (this.#open === undefined) await this.open()
    // Effects of several callers run in one loop; each keeps its own caller's asynchronous context.
    const bound = AsyncLocalStorage.bind((tx: DatabaseSync) => this.#nesting.run(run, tx))
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, run: bound, resolve: resolve as Job['resolve'], reject })
      this.#draining ??= this.#drain()
    })
  }

  async prune(now: number): Promise<number> {
    await this.open()
    let pruned = 0
    for (let step = pruneStep; step === pruneStep; pruned += step) step = await this.#pruneStep(now)
    return pruned
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#draining
    if (this.#options.path !== undefined) this.#open?.database.close()
    this.#open = undefined
  }

  async #drain(): Promise<void> {
    // One turn of the event loop, in which all that are ready come into the queue.
    await this.#clock.yield()
    while (this.#queue.length > 0 || this.#chores.length > 0) {
      await this.#chores.shift()?.()
      if (this.#queue.length > 0) await this.#group(this.#queue.splice(0, this.#alone ? 1 : maxGroup))
      await this.#clock.yield()
    }
    this.#draining = undefined
  }

  #pruneStep(now: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#chores.push(async () => {
        await this.#patiently(() => this.#open!.statements.prune(now, pruneStep)).then(resolve, (error: unknown) =>
          reject(unavailable('prune', error)),
        )
      })
      this.#draining ??= this.#drain()
    })
  }

  /** Runs jobs in one transaction and settles them when it has ended. */
  async #group(jobs: readonly Job[]): Promise<void> {
    const { database, statements } = this.#open!
    const endings: Ending[] = []
    try {
      await this.#patiently(() => {
        if (database.isTransaction) throw new ConnectionBusy()
        statements.begin.run()
      })
    } catch (error) {
      settle(jobs, [], unavailable('begin', error))
      return
    }
    try {
      for (const job of jobs) {
        const ending = this.#run(job)
        endings.push(ending instanceof Promise ? await ending : ending)
        if (!database.isTransaction) throw new Error('an effect ended the transaction it ran in')
      }
      await this.#patiently(() => statements.commit.run())
      settle(jobs, endings)
      this.#count(jobs)
    } catch (error) {
      this.#rollBack()
      this.#queue.unshift(...jobs.slice(endings.length))
      settle(jobs, endings, unavailable('store effects', error))
    }
  }

  /** Runs one effect in its savepoint. Never throws; a promise only for an asynchronous effect. */
  #run(job: Job): Ending | Promise<Ending> {
    const { database, statements } = this.#open!
    try {
      statements.savepoint.run()
      if (!statements.insert(job.entry)) {
        const json = statements.value(job.entry)
        statements.release.run()
        return { result: doneBefore(json) }
      }
    } catch (error) {
      return this.#undo(unavailable('remember an effect', error))
    }
    try {
      const returned = job.run(database)
      this.#alone = isThenable(returned)
      if (!isThenable(returned)) return this.#keep(job, returned)
      return Promise.resolve(returned).then(
        (value) => this.#keep(job, value),
        (error: unknown) => this.#undo(error),
      )
    } catch (error) {
      return this.#undo(error)
    }
  }

  #keep(job: Job, value: unknown): Ending {
    const { database, statements } = this.#open!
    if (!database.isTransaction) return { result: { applied: true, value } }
    try {
      const json = storedValue(value)
      if (json !== undefined) statements.setValue(job.entry, json)
      statements.release.run()
      return { result: { applied: true, value } }
    } catch (error) {
      return this.#undo(unavailable('remember an effect', error))
    }
  }

  #undo(error: unknown): Ending {
    const { database, statements } = this.#open!
    try {
      if (database.isTransaction) {
        statements.rollbackTo.run()
        statements.release.run()
      }
      return { error }
    } catch {
      // Without its savepoint nothing of this group can be told apart: all of it goes.
      this.#rollBack()
      return { error }
    }
  }

  #rollBack(): void {
    try {
      if (this.#open!.database.isTransaction) this.#open!.statements.rollback.run()
    } catch {
      // The connection is broken; the next begin says so.
    }
  }

  #count(jobs: readonly Job[]): void {
    const before = Math.floor(this.#effects / pruneEvery)
    this.#effects += jobs.length
    if (Math.floor(this.#effects / pruneEvery) === before) return
    // A failure here shows at the next effect, where somebody can act on it.
    this.#pruneStep(jobs.at(-1)!.entry.now).catch(() => {})
  }

  #patiently<T>(run: () => T): Promise<T> {
    return patiently(run, { clock: this.#clock, timeoutMs: this.#options.busyTimeoutMs ?? 5000 })
  }
}

/** Tells every job that was run how it ended; all that did not fail by themselves get `trouble` when there is some. */
function settle(jobs: readonly Job[], endings: readonly Ending[], trouble?: InboxUnavailable): void {
  const run = trouble && endings.length > 0 ? jobs.slice(0, endings.length) : jobs
  for (const [index, job] of run.entries()) {
    const ending = endings[index]
    if (ending && 'error' in ending) job.reject(ending.error)
    else if (trouble || !ending) job.reject(trouble)
    else job.resolve(ending.result)
  }
}

function unavailable(doing: string, cause: unknown): InboxUnavailable {
  return new InboxUnavailable(doing, cause instanceof Error ? cause.message : String(cause), { cause })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
