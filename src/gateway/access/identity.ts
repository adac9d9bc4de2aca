/**
 * Who calls, once that is known.
 * @module
 */
import type { Right } from './rights.ts'

export type IdentityKind = 'key' | 'token' | 'webhook' | 'certificate'

export interface Identity {
  /** One for each who calls, also across kinds: `key:till`, `token:shop:user-7`, `webhook:payments`, `certificate:till-7`. */
  readonly name: string
  readonly kind: IdentityKind
  readonly rights: readonly Right[]
  /** Source of the plain JSON it sends, where that is not the application's. */
  readonly source?: string
}
