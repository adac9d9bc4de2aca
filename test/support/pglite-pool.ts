/**
 * PGlite in the shape of `pg`'s Pool. It is one connection, so one client is out at a time and the others wait for it.
 * @module
 */
import { PGlite } from '@electric-sql/pglite'
import type { PostgresClient, PostgresPool } from '../../src/inbox/index.ts'

export interface PglitePool extends PostgresPool<PostgresClient> {
  readonly database: PGlite
  end(): Promise<void>
}

export async function pglitePool(): Promise<PglitePool> {
  const database = await PGlite.create()
  let free: Promise<void> = Promise.resolve()
  return {
    database,
    async connect() {
      const mine = Promise.withResolvers<void>()
      const before = free
      free = mine.promise
      await before
      return { query: (text, values) => database.query(text, values), release: () => mine.resolve() }
    },
    end: () => database.close(),
  }
}
