/**
 * What a session may do: everything, or what the rights of `access` say.
 * @module
 */
import type { CompiledConfig } from '../../config/index.ts'
import { isAllowed, mayEver, type Right } from '../../gateway/access/index.ts'
import type { Rights } from '../api/index.ts'

export interface SessionRights {
  mayReadPayload(type: string, source: string): boolean
  /** A letter's subscription takes these types: all must be allowed. */
  mayRedrive(types: Iterable<string>): boolean
  mayPublish(type: string, source: string): boolean
  mayPause(types: Iterable<string>): boolean
  /** For the page: whether there is any. */
  readonly shown: Rights
}

const all: Rights = { read: true, readPayload: true, redrive: true, publish: true, pause: true }
const readOnlyRights = { redrive: false, publish: false, pause: false }

/** Of who started it, or got its token. */
export function everything(isReadOnly: boolean): SessionRights {
  const may = (): boolean => true
  const acts = (): boolean => !isReadOnly
  const shown = isReadOnly ? { ...all, ...readOnlyRights } : all
  return { mayReadPayload: may, mayRedrive: acts, mayPublish: acts, mayPause: acts, shown }
}

/** Undefined without the right to look at all. */
export function rightsOf(
  rights: readonly Right[],
  config: Pick<CompiledConfig, 'events'>,
  isReadOnly: boolean,
): SessionRights | undefined {
  if (!mayEver(rights, 'read')) return undefined
  const shown: Rights = {
    read: true,
    readPayload: mayEver(rights, 'read-payload'),
    redrive: mayEver(rights, 'redrive'),
    publish: mayEver(rights, 'publish'),
    pause: mayEver(rights, 'pause'),
  }
  const forAll = (verb: 'redrive' | 'pause', types: Iterable<string>): boolean =>
    !isReadOnly && [...types].every((type) => isAllowed(rights, verb, type))
  return {
    // What is no declared type has no schema that says what is secret: only for who may read all.
    mayReadPayload: (type, source) => isAllowed(rights, 'read-payload', config.events.has(type) ? type : '*', source),
    mayRedrive: (types) => forAll('redrive', types),
    mayPublish: (type, source) => !isReadOnly && isAllowed(rights, 'publish', type, source),
    mayPause: (types) => forAll('pause', types),
    shown: isReadOnly ? { ...shown, ...readOnlyRights } : shown,
  }
}
