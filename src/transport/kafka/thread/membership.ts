/**
 * Membership in a group, as the main thread sees it whatever protocol the group has.
 * @module
 */
import { Fenced, type AppendRecord, type CommitPosition } from '../../index.ts'
import type { Grant } from '../protocol.ts'

export type GrantedPosition = CommitPosition & { readonly grant: number }

export interface Membership {
  /** @throws Fenced, LogUnavailable, MetadataTooLarge, RecordTooLarge, TopicUnknown */
  commit(positions: readonly GrantedPosition[], records?: readonly AppendRecord[]): Promise<void>
  /** The main thread has given these back. */
  released(partitions: readonly Grant[]): void
  /** Says goodbye, so that the others need not wait for the session to end. A static member keeps its place for that long. */
  leave(): Promise<void>
}

/** What is said when a group was left. */
export function notMember(): Fenced {
  return new Fenced('This member has left its group.')
}
