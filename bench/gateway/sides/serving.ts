/**
 * What a server of the comparison does.
 * @module
 */

/** Where it keeps what it takes; a side uses what it needs. */
export interface Place {
  readonly directory: string
  readonly brokers: readonly string[]
  /** Names the topics. */
  readonly app: string
}

export interface Served {
  /** `http://127.0.0.1:43210` */
  readonly url: string
  /** Events on its log; undefined when it has none. */
  stored(): Promise<number | undefined>
}

export type Serving = (place: Place) => Promise<Served>
