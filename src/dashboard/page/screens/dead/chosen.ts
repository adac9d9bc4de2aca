/**
 * Whose letters, and which of them.
 * @module
 */
import type { Selection } from '../../../api/index.ts'

/** The part of a path that all requests about a subscription's letters have. */
export function deadPath(subscription: string): string {
  return `dead/${encodeURIComponent(subscription)}`
}

/** How many a selection has, as far as the page knows. */
export interface Chosen {
  readonly selection: Selection
  readonly count: number
}
