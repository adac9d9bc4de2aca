/**
 * Names of the headers an event travels in: CloudEvents Kafka binding 1.0, binary content mode.
 * @module
 */

export const headerNames = {
  specVersion: 'ce_specversion',
  id: 'ce_id',
  source: 'ce_source',
  type: 'ce_type',
  time: 'ce_time',
  subject: 'ce_subject',
  /** Carries CloudEvents' `datacontenttype`: the one attribute without the `ce_` prefix. */
  contentType: 'content-type',
} as const

/** Prefix of every other attribute's header. */
export const attributePrefix = 'ce_'

export const jsonContentType = 'application/json'
