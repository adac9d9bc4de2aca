/**
 * What can be asked of the process that keeps a cluster, and what it answers.
 * @module
 */
import type { ClusterStatus } from './status.ts'

export type Question =
  | { readonly ask: 'status' }
  | { readonly ask: 'down' }
  | { readonly ask: 'kill' | 'restart' | 'pause' | 'resume'; readonly broker: number }

/** `starting` has no cluster to tell of yet. */
export type KeeperStatus = { readonly keeper: number } & (
  | { readonly phase: 'starting' }
  | ({ readonly phase: 'up' | 'stopping' } & ClusterStatus)
)

export type Answer = { readonly answer: KeeperStatus | null } | { readonly error: Record<string, unknown> }
