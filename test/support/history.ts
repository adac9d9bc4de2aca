/**
 * What is recorded of a run: the words in which the judge reads it.
 * @module
 */
import type { LogRecord } from '../../src/transport/index.ts'

/** Why a partition changed hands. All but `assigned`, `released` and `left` are sudden: the owner had no chance to commit. */
export type OwnerChange = 'assigned' | 'released' | 'left' | 'expired' | 'expelled'

/** Something the cluster did. `at`: virtual milliseconds. `client`: one run of a worker's process. */
export type ClusterEntry =
  | { kind: 'append'; at: number; client: string; topic: string; partition: number; record: LogRecord }
  | {
      kind: 'commit'
      at: number
      client: string
      group: string
      topic: string
      partition: number
      offset: number
      metadata: Uint8Array
    }
  | { kind: 'fenced'; at: number; client: string; group: string; topic: string; partition: number }
  | {
      kind: 'owner'
      at: number
      group: string
      topic: string
      partition: number
      change: OwnerChange
      /** Who gets it (`assigned`) or had it (all others). */
      client: string
    }
