/**
 * The inbox's table in SQLite, and the statements on it.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { InboxEntry } from './inbox.ts'

/** A later layout gets a table of another name, so that old and new processes do not meet in one. */
const schema = `
create table if not exists veltrix_inbox (
  subscription text not null,
  source text not null,
  id text not null,
  effect text not null,
  expires_at integer not null,
  value text,
  primary key (subscription, source, id, effect)
) without rowid;
create index if not exists veltrix_inbox_expires_at on veltrix_inbox (expires_at);`

const row = 'subscription = ? and source = ? and id = ? and effect = ?'

export class SqliteStatements {
  readonly begin: StatementSync
  readonly commit: StatementSync
  readonly rollback: StatementSync
  readonly savepoint: StatementSync
  readonly release: StatementSync
  readonly rollbackTo: StatementSync
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #update: StatementSync
  readonly #prune: StatementSync

  /** Makes the table when it is missing. */
  constructor(database: DatabaseSync) {
    database.exec(schema)
    this.begin = database.prepare('begin immediate')
    this.commit = database.prepare('commit')
    this.rollback = database.prepare('rollback')
    this.savepoint = database.prepare('savepoint veltrix_once')
    this.release = database.prepare('release veltrix_once')
    this.rollbackTo = database.prepare('rollback to veltrix_once')
    this.#insert = database.prepare(
      'insert into veltrix_inbox (subscription, source, id, effect, expires_at) values (?, ?, ?, ?, ?) on conflict do nothing',
    )
    this.#select = database.prepare(`select value from veltrix_inbox where ${row}`)
    this.#update = database.prepare(`update veltrix_inbox set value = ? where ${row}`)
    this.#prune = database.prepare(
      `delete from veltrix_inbox where (subscription, source, id, effect) in
         (select subscription, source, id, effect from veltrix_inbox where expires_at <= ? order by expires_at limit ?)`,
    )
  }

  /** Whether the row is new. */
  insert({ subscription, source, id, effect, now, windowMs }: InboxEntry): boolean {
    const expiresAt = Math.min(Math.ceil(now + windowMs), Number.MAX_SAFE_INTEGER)
    return Number(this.#insert.run(subscription, source, id, effect, expiresAt).changes) === 1
  }

  value({ subscription, source, id, effect }: InboxEntry): string | null {
    return (this.#select.get(subscription, source, id, effect)?.['value'] ?? null) as string | null
  }

  setValue({ subscription, source, id, effect }: InboxEntry, json: string): void {
    this.#update.run(json, subscription, source, id, effect)
  }

  prune(now: number, limit: number): number {
    return Number(this.#prune.run(now, limit).changes)
  }
}
