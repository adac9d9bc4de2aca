/**
 * Effects once: stores that remember an effect in the same transaction as the effect itself.
 * @module
 */
export type { InboxEntry, InboxStore, OnceResult } from './inbox.ts'
export { memoryInbox, type MemoryInbox, type MemoryTx } from './memory.ts'
export { sqliteInbox, type SqliteInboxOptions } from './sqlite.ts'
export { postgresInbox, postgresInboxSchema, type PostgresInboxOptions } from './postgres.ts'
export type { PostgresClient, PostgresPool, PostgresResult } from './postgres-client.ts'
export { InboxNested, InboxUnavailable } from './errors.ts'
