/**
 * What is done above committed positions, by the metadata of commits. Followers of a key that is being repeated are counted as one: the metadata
 * does not say how many there are.
 * @module
 */
import { decodeCommitState } from '../../worker/index.ts'
import type { PartitionLag } from './partitions.ts'

/** Records from `from` to before `to`, at or above the committed position, that are done. */
export function doneAbove({ committed, metadata }: PartitionLag, from: number, to: number): number {
  if (committed === null || metadata.length === 0) return 0
  const progress = decodeCommitState(committed, metadata)
  const high = Math.min(progress.high, to)
  let open = 0
  for (const { offset, keyHash } of progress.entries) {
    if (offset >= from && offset < high) open += keyHash === undefined ? 1 : 2
  }
  return Math.max(0, high - from - open)
}
