/**
 * What handlers do: a row in a database. Nothing there refuses a second one, so that it is seen.
 * @module
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** In the directory of a run; the inbox is in the same file. */
export const effectsFile = 'effects.db'

export function makeEffects(directory: string): void {
  const database = new DatabaseSync(join(directory, effectsFile))
  database.exec('pragma journal_mode = wal; create table effects (subscription text, id text, by text) strict')
  database.close()
}

export function addEffect(database: DatabaseSync, subscription: string, id: string, by: string): void {
  database.prepare('insert into effects values (?, ?, ?)').run(subscription, id, by)
}

export function* effectsIn(directory: string): Generator<{ subscription: string; id: string; count: number }> {
  const database = new DatabaseSync(join(directory, effectsFile), { readOnly: true })
  const rows = database.prepare('select subscription, id, count(*) as count from effects group by subscription, id')
  for (const row of rows.iterate()) yield row as { subscription: string; id: string; count: number }
  database.close()
}
