/**
 * One client of the owner: the main thread beside it, or another process.
 * @module
 */
import type { Message } from '../protocol.ts'

export interface Session {
  readonly clientId: string
  /** False for another process: it is not sent records, and it can go silent. */
  readonly local: boolean
  send(message: Message, transfer?: readonly ArrayBuffer[]): void
  /** Topics whose new ends it hears of. */
  readonly watched: Set<string>
  /** Partitions (by `partitionKey`) whose appended records it gets with the new end. */
  readonly tails: Set<string>
  /** Its memberships: consumer number to member id. */
  readonly members: Map<number, string>
}

export function newSession(clientId: string, local: boolean, send: Session['send']): Session {
  return { clientId, local, send, watched: new Set(), tails: new Set(), members: new Map() }
}
