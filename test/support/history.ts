/**
 * What is recorded of a run: the words in which the judge reads it.
 * @module
 */
import { auditActionHeader, deadHeaders } from '../../src/deadletter/index.ts'
import { decodeCommitState } from '../../src/worker/commit-state.ts'
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

/** Where an event lies. */
export interface EventPlace {
  readonly subscription: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** `interrupted`: cut short because its partition or worker went. */
export type Outcome = 'ok' | 'failed' | 'unrecoverable' | 'interrupted'

/** Something an application did. `run`: one handler call for one event. */
export type ApplicationEntry =
  | ({ kind: 'start'; at: number; client: string; run: number; attempt: number; redriven: boolean } & EventPlace)
  | { kind: 'end'; at: number; client: string; run: number; outcome: Outcome }
  | { kind: 'effect'; at: number; client: string; subscription: string; id: string }
  | { kind: 'crash'; at: number; client: string }
  | { kind: 'note'; at: number; text: string }
  /** The run is over. `drained`: everything was brought to its end in time. */
  | { kind: 'finish'; at: number; drained: boolean }

export type HistoryEntry = ClusterEntry | ApplicationEntry

/** One line for people; also what two runs of one seed must agree in. */
export function lineOf(entry: HistoryEntry): string {
  const time = `${entry.at.toFixed(0).padStart(7)} ms `
  const { kind } = entry
  if (kind === 'note') return `${time} --- ${entry.text}`
  if (kind === 'finish') return `${time} finish ${entry.drained ? 'drained' : 'NOT drained'}`
  if (kind === 'end') return `${time} ${entry.client} end #${entry.run} ${entry.outcome}`
  if (kind === 'crash') return `${time} ${entry.client} CRASH`
  if (kind === 'effect') return `${time} ${entry.client} effect ${entry.subscription} ${entry.id}`
  const place = `${entry.topic}/${entry.partition}`
  if (kind === 'start') {
    const again = entry.redriven ? ' (redriven)' : ''
    return `${time} ${entry.client} start #${entry.run} ${entry.subscription} ${place}/${entry.offset} attempt ${entry.attempt}${again}`
  }
  if (kind === 'append') return `${time} ${entry.client} append ${place}/${entry.record.offset} ${gist(entry.record)}`
  if (kind === 'commit') {
    const state = decodeCommitState(entry.offset, entry.metadata)
    const open = [...state.entries].map(({ offset, attempts }) => (attempts > 0 ? `${offset}(${attempts})` : offset))
    const clean = state.clean ? ' clean' : ''
    return `${time} ${entry.client} commit ${entry.group} ${place} offset ${entry.offset} high ${state.high} reserved ${state.reserved} open [${open.join(' ')}]${clean}`
  }
  if (kind === 'fenced') return `${time} ${entry.client} FENCED ${entry.group} ${place}`
  return `${time} ${entry.client} ${entry.change} ${entry.group} ${place}`
}

function gist(record: LogRecord): string {
  const key = record.key && Buffer.from(record.key).toString()
  const dead = record.headers.text(deadHeaders.kind)
  const story = dead && `${dead} ${deadOrigin(record)} ${record.headers.text(deadHeaders.reason)}`
  const action = record.headers.text(auditActionHeader)
  if (action) {
    const { letters, seen } = JSON.parse(Buffer.from(record.value!).toString()) as { letters: string[]; seen: number }
    return `${action} ${letters.join(' ')} seen ${seen}`
  }
  return `key ${key} ${story ?? record.headers.text('ce_type')}`
}

function deadOrigin(record: LogRecord): string {
  return [deadHeaders.topic, deadHeaders.partition, deadHeaders.offset]
    .map((name) => record.headers.text(name))
    .join('/')
}
