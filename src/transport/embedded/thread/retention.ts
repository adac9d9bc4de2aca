/**
 * Removes what is older or larger than a topic keeps: whole rows, oldest first, in small steps so that appends go on between them.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Catalog, PartitionState, TopicEntry } from './catalog.ts'
import { transaction } from './database.ts'
import { batchId } from './layout.ts'
import type { UsedIds } from './used-ids.ts'

const rowsPerStep = 64
const idsPerStep = 500
/** Free pages are kept for reuse up to this many; more go back to the file system, some at each step. */
const freePagesKept = 512
const freePagesPerStep = 64

export class Retention {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #catalog: Catalog
  readonly #ids: UsedIds
  readonly #oldest: StatementSync
  readonly #delete: StatementSync

  constructor(db: DatabaseSync, file: string, catalog: Catalog, ids: UsedIds) {
    this.#db = db
    this.#file = file
    this.#catalog = catalog
    this.#ids = ids
    this.#oldest = db.prepare('SELECT count, appended_at, length(bytes) AS bytes FROM batches WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM batches WHERE id = ?')
  }

  /** One small step as of `now`. False when there is nothing (more) to do. */
  step(now: number): boolean {
    for (const topic of this.#catalog.topics.values()) {
      for (const state of this.#catalog.partitionsOf(topic.name)) {
        if (this.#expired(topic, state, state.earliest, state.bytes, now) !== undefined) {
          this.#removeOldest(topic, state, now)
          return true
        }
      }
    }
    return this.#forgetIds(now) || this.#giveBackSpace()
  }

  /** The oldest row, when the topic need not keep it. */
  #expired(
    topic: TopicEntry,
    state: PartitionState,
    earliest: number,
    bytes: number,
    now: number,
  ): { count: number; bytes: number } | undefined {
    const overSize = bytes > topic.retentionBytes
    if (earliest === state.end || (!overSize && topic.retentionMs === Infinity)) return undefined
    const row = this.#oldest.get(batchId(state.id, earliest)) as
      | { count: number; appended_at: number; bytes: number }
      | undefined
    if (row === undefined) return undefined
    return overSize || now - row.appended_at > topic.retentionMs ? row : undefined
  }

  #removeOldest(topic: TopicEntry, state: PartitionState, now: number): void {
    let { earliest, bytes } = state
    transaction(this.#db, this.#file, () => {
      for (let rows = 0; rows < rowsPerStep; rows++) {
        const row = this.#expired(topic, state, earliest, bytes, now)
        if (row === undefined) break
        this.#delete.run(batchId(state.id, earliest))
        earliest += row.count
        bytes -= row.bytes
      }
      this.#catalog.save({ id: state.id, earliest, end: state.end, bytes })
    })
    state.earliest = earliest
    state.bytes = bytes
  }

  #forgetIds(now: number): boolean {
    return transaction(this.#db, this.#file, () => this.#ids.prune(now, idsPerStep)) === idsPerStep
  }

  #giveBackSpace(): boolean {
    const free = Number(Object.values(this.#db.prepare('PRAGMA freelist_count').get()!)[0])
    if (free <= freePagesKept) return false
    this.#db.exec(`PRAGMA incremental_vacuum(${freePagesPerStep})`)
    return true
  }
}
