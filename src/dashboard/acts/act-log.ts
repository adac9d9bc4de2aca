/**
 * Every act is told, and those that change how events run are marks on the plots.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { Act } from '../app.ts'
import type { Marks } from '../live/marks.ts'

const marked = new Set(['redrive', 'discard', 'replace'])

export class ActLog {
  readonly #clock: Clock
  readonly #marks: Marks
  readonly #onAct: (act: Act) => void

  constructor(clock: Clock, marks: Marks, onAct: (act: Act) => void) {
    this.#clock = clock
    this.#marks = marks
    this.#onAct = onAct
  }

  tell({ reason, ...act }: Omit<Act, 'at' | 'reason'> & { readonly reason: string | undefined }): void {
    this.#onAct({ at: this.#clock.now(), ...act, ...(reason === undefined ? {} : { reason }) })
    if (marked.has(act.act)) this.#marks.add('redrive', `${act.act} ${act.to}, by ${act.by}`)
    else if (act.act === 'pause' || act.act === 'resume') this.#marks.add('note', `${act.act} ${act.to}, by ${act.by}`)
  }
}
