/**
 * What bounds a plan: what the log can do, and what a person allows.
 * @module
 */
import type { TopologyAdmin } from '../transport/index.ts'

/** What a person allows that is not done otherwise. */
export interface Allowances {
  /** Remove owned topics that left the typed file, with their events. */
  readonly delete: boolean
  /** Raise partitions although keys move. */
  readonly repartition: boolean
  /** Make topics of a new version although events of the old one are not handled yet. */
  readonly undrained: boolean
  /** Event types whose schema may break readers. */
  readonly breaking: ReadonlySet<string>
}

export const nothingAllowed: Allowances = { delete: false, repartition: false, undrained: false, breaking: new Set() }

export type Abilities = Pick<TopologyAdmin, 'sets' | 'replicates'> & { readonly addsPartitions: boolean }
