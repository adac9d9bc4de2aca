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

const maxKnown = 1_000
const headers = new Map<string, string>()
const names = new Map<string, string>()

/** The header of an extension whose name is known to be good: joined once, the names in use are few and come with every event. */
export function extensionHeader(name: string): string {
  let header = headers.get(name)
  if (header === undefined) {
    header = attributePrefix + name
    if (headers.size < maxKnown) headers.set(name, header)
    if (names.size < maxKnown) names.set(header, name)
  }
  return header
}

/** The name of the extension in a header; undefined where it has not been checked yet. */
export function knownExtension(header: string): string | undefined {
  return names.get(header)
}

export const jsonContentType = 'application/json'
