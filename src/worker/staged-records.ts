/**
 * What the handled events of a partition have published and no commit has stored yet, in the order in which they were handled.
 * @module
 */
import type { AppendRecord } from '../transport/index.ts'

/** A commit is asked for at once from here on, and nothing more is started of the partition at `mostBytes`. */
const manyBytes = 1024 * 1024
const mostBytes = 4 * manyBytes
/** What headers and the objects take, about. */
const overheadBytes = 400

export class StagedRecords {
  private records: AppendRecord[] = []
  private bytes = 0

  get isEmpty(): boolean {
    return this.records.length === 0
  }

  get isMany(): boolean {
    return this.bytes >= manyBytes
  }

  get isFull(): boolean {
    return this.bytes >= mostBytes
  }

  add(records: readonly AppendRecord[]): void {
    for (const record of records) {
      this.records.push(record)
      this.bytes += sizeOf(record)
    }
  }

  /** For a commit. */
  take(): readonly AppendRecord[] {
    const taken = this.records
    this.records = []
    this.bytes = 0
    return taken
  }

  /** The commit did not store them: they go before what came since. */
  giveBack(records: readonly AppendRecord[]): void {
    if (records.length === 0) return
    const since = this.take()
    this.add(records)
    this.add(since)
  }
}

function sizeOf({ key, value }: AppendRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + overheadBytes
}
