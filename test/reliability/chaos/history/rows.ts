/**
 * Events of one subscription, by where they lie and by their keys.
 * @module
 */
import type { Attempt, Grant } from './processes.ts'

/**
 * `open`: to be handled, or being handled again. `decided`: no attempt is left, its letter is on its way. `kept`: its letter lies in the dead
 * topic.
 */
type State = 'open' | 'handled' | 'decided' | 'kept'

export interface Row {
  readonly id: string
  readonly key: KeyRows
  readonly sequence: number
  readonly at: string
  readonly offset: number
  state: State
  /** Attempts that failed as they were made to. */
  failures: number
  last: Started | undefined
}

export interface Started {
  readonly attempt: number
  readonly grant: Grant | undefined
  /** How often owners had died or lost partitions by then. */
  readonly disturbances: number
  outcome: 'running' | 'ok' | 'failed' | 'interrupted'
}

/** Over for good, as far as is known: by sequence. */
export const over = { handled: 1, kept: 2 } as const

export class KeyRows {
  readonly name: string
  /** By sequence; a copy of the event is enough. */
  readonly over: number[] = []
  /** Highest sequence that was ever started. */
  highest = -1
  /** Started and not over. */
  readonly open = new Set<Row>()
  readonly running = new Set<Attempt>()
  /** Offset of the first event without attempts left; only of interest where a key is parked. */
  deadAt = Infinity

  constructor(name: string) {
    this.name = name
  }
}

export class Rows {
  readonly keys = new Map<string, KeyRows>()
  readonly #places = new Map<string, { readonly rows: Map<number, Row>; committed: number }>()

  key(name: string): KeyRows {
    let key = this.keys.get(name)
    if (key === undefined) this.keys.set(name, (key = new KeyRows(name)))
    return key
  }

  place(at: string): { readonly rows: Map<number, Row>; committed: number } {
    let place = this.#places.get(at)
    if (place === undefined) this.#places.set(at, (place = { rows: new Map(), committed: 0 }))
    return place
  }

  /** Made when it is heard of first. */
  row(at: string, offset: number, id: string, { key, sequence }: { key: string; sequence: number }): Row {
    const { rows } = this.place(at)
    let row = rows.get(offset)
    if (row === undefined) {
      row = { id, key: this.key(key), sequence, at, offset, state: 'open', failures: 0, last: undefined }
      rows.set(offset, row)
    }
    return row
  }
}
