/**
 * What the overview is drawn from.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'

export interface Shown {
  readonly seconds: readonly LiveSecond[]
  /** Most urgent first. */
  readonly lanes: readonly string[]
}
