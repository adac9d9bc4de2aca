/**
 * An inbox in Postgres. Every effect has a transaction and a client of its own; two with one entry meet at the row's primary key,
 * where the second waits until the first has committed or rolled back.
 * @module
 */
import { InboxUnavailable } from './errors.ts'
import { pruneEvery, pruneStep, type InboxEntry, type InboxStore, type OnceResult } from './inbox.ts'
import { Nesting } from './nesting.ts'
import type { PostgresClient, PostgresPool } from './postgres-client.ts'
import { doneBefore, storedValue } from './stored-value.ts'

export interface PostgresInboxOptions<Client extends PostgresClient> {
  /**
   * `pg`'s Pool. As many effects run at once as it has clients. Durability is the server's `synchronous_commit`.
   * Its end stays the caller's.
   */
  readonly pool: PostgresPool<Client>
}

/**
 * The table, for those who make theirs by migration; otherwise `open()` makes it where the connection's `search_path` says.
 * A later layout gets a table of another name.
 */
export const postgresInboxSchema = `
create table if not exists veltrix_inbox (
  subscription text not null,
  source text not null,
  id text not null,
  effect text not null,
  expires_at bigint not null,
  value text,
  primary key (subscription, source, id, effect)
);
create index if not exists veltrix_inbox_expires_at on veltrix_inbox (expires_at);`

const row = 'subscription = $1 and source = $2 and id = $3 and effect = $4'
const insertRow =
  'insert into veltrix_inbox (subscription, source, id, effect, expires_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1'
const selectValue = `select value from veltrix_inbox where ${row}`
const updateValue = `update veltrix_inbox set value = $5 where ${row}`
const deleteExpired = `delete from veltrix_inbox where ctid in
  (select ctid from veltrix_inbox where expires_at <= $1 limit ${pruneStep} for update skip locked) returning 1`

/** Effects get the client their transaction runs on; they must not release it, nor begin or end a transaction on it. */
export function postgresInbox<Client extends PostgresClient>(
  options: PostgresInboxOptions<Client>,
): InboxStore<Client> {
  return new PostgresInbox(options.pool)
}

class PostgresInbox<Client extends PostgresClient> implements InboxStore<Client> {
  readonly #pool: PostgresPool<Client>
  readonly #nesting = new Nesting()
  readonly #running = new Set<Promise<unknown>>()
  #opening: Promise<void> | undefined
  #closed = false
  #effects = 0

  constructor(pool: PostgresPool<Client>) {
    this.#pool = pool
  }

  open(): Promise<void> {
    this.#opening ??= this.#makeTable().catch((error: unknown) => {
      this.#opening = undefined
      throw unavailable('open', error)
    })
    return this.#opening
  }

  async once<T>(entry: InboxEntry, run: (tx: Client) => T | Promise<T>): Promise<OnceResult<T>> {
    this.#nesting.refuse(entry.effect)
    if (this.#closed) throw unavailable('run an effect', new Error('it is closed'))
    const result = await this.#tracked(this.#once(entry, run))
    if (++this.#effects % pruneEvery === 0) {
      // A failure here shows at the next effect, where somebody can act on it.
      this.#tracked(this.#pruneStep(entry.now)).catch(() => {})
    }
    return result
  }

  async prune(now: number): Promise<number> {
    await this.open()
    let pruned = 0
    for (let step = pruneStep; step === pruneStep; pruned += step) step = await this.#pruneStep(now)
    return pruned
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#running)
  }

  async #once<T>(entry: InboxEntry, run: (tx: Client) => T | Promise<T>): Promise<OnceResult<T>> {
    await this.open()
    return this.#withClient(async (client) => {
      const { subscription, source, id, effect } = entry
      const name = [subscription, source, id, effect]
      const expiresAt = Math.min(Math.ceil(entry.now + entry.windowMs), Number.MAX_SAFE_INTEGER)
      const isNew = await own('remember an effect', async () => {
        await client.query('begin')
        return (await client.query(insertRow, [...name, expiresAt])).rows.length === 1
      })
      if (!isNew) {
        return own('look up an effect', async () => {
          const { rows } = await client.query(selectValue, name)
          await client.query('rollback')
          return doneBefore<T>((rows[0] as { value: string | null } | undefined)?.value)
        })
      }
      const value = await this.#nesting.run(run, client)
      await own('store an effect', () => finish(client, name, storedValue(value)))
      return { applied: true, value }
    })
  }

  /** Rolls back when `use` throws; a client that cannot even do that is thrown away. */
  async #withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = await own('connect', () => this.#pool.connect())
    let broken: Error | undefined
    const cut = (error: Error): void => void (broken = error)
    client.on?.('error', cut)
    try {
      return await use(client)
    } catch (error) {
      await client.query('rollback').catch((trouble: Error) => (broken = trouble))
      throw error
    } finally {
      client.removeListener?.('error', cut)
      client.release(broken)
    }
  }

  async #makeTable(): Promise<void> {
    await this.#withClient(async (client) => {
      // Asked first: who may not create tables may well use one that is there.
      const there = await client.query(`select to_regclass('veltrix_inbox') is not null as there`)
      if ((there.rows[0] as { there: boolean }).there) return
      await client.query('begin')
      // Two processes making one table at once get in each other's way, `if not exists` or not.
      await client.query('select pg_advisory_xact_lock(7311220518463)')
      for (const statement of postgresInboxSchema.split(';')) {
        if (statement.trim() !== '') await client.query(statement)
      }
      await client.query('commit')
    })
  }

  async #pruneStep(now: number): Promise<number> {
    return this.#withClient((client) =>
      own('prune', async () => (await client.query(deleteExpired, [Math.floor(now)])).rows.length),
    )
  }

  #tracked<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running)
    const forget = (): void => void this.#running.delete(running)
    running.then(forget, forget)
    return running
  }
}

async function finish(client: PostgresClient, name: readonly string[], json: string | undefined): Promise<void> {
  if (json !== undefined) await client.query(updateValue, [...name, json])
  const { command } = await client.query('commit')
  // Postgres answers a commit after a failed statement with a rollback, and no error.
  if (command === 'ROLLBACK')
    throw new Error('a statement of the effect failed and the effect went on; all was rolled back')
}

/** Runs the inbox's own statements: what goes wrong here is not the effect's. */
async function own<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw unavailable(doing, error)
  }
}

function unavailable(doing: string, cause: unknown): InboxUnavailable {
  if (cause instanceof InboxUnavailable) return cause
  return new InboxUnavailable(doing, cause instanceof Error ? cause.message : String(cause), { cause })
}
