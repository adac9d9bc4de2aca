/**
 * Content types, as far as they matter here.
 * @module
 */
import { headerNames, jsonContentType } from './headers.ts'

/** Whether a header is the one that says how the value is written; other clients write its name with capitals. */
export function isContentType(headerName: string): boolean {
  return headerName.length === 12 && headerName.toLowerCase() === headerNames.contentType
}

/** Whether a content type means JSON: `application/json`, or anything that ends in `+json`. */
export function isJsonType(contentType: string): boolean {
  if (contentType === jsonContentType) return true
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
  // A list of events is none, and an event in the value is not a payload.
  if (mediaType.startsWith('application/cloudevents')) return false
  return mediaType === jsonContentType || /^[a-z]+\/[\w.-]+\+json$/.test(mediaType)
}
