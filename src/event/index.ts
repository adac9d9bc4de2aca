export type { EncodedEvent, HeaderPair, VeltrixEvent } from './event.ts'
export { EventIds, newEventId } from './ids.ts'
export { defaultMaxBytes, encodeEvent, noExtensions, timeText, type EncodeOptions } from './encode.ts'
export { decodeEvent, eventTimeMs, eventType, type DecodableRecord } from './decode.ts'
export { adoptRecord, isForeign, type Adoption } from './foreign.ts'
export { keyText } from './text.ts'
export { fromJson, toJson } from './json.ts'
export { jsonSchemaOf, partNames, type JsonSchema, type JsonSchemaWanted } from './json-schema.ts'
export { isJsonType } from './media-type.ts'
export { dataPath, validatePayload } from './payload.ts'
export { headerNames } from './headers.ts'
export {
  extensionNameProblem,
  keyProblem,
  maxKeyBytes,
  nameOf,
  nonEmptyTextProblem,
  parseTime,
  sourceProblem,
  timeProblem,
} from './attributes.ts'
export { nearestName } from './nearest-name.ts'
export { EnvelopeInvalid, EventInvalid, EventTooLarge, EventUnknownType, quoted, type EventIssue } from './errors.ts'
export {
  parseTraceparent,
  parseTracestate,
  traceExtensions,
  traceparentText,
  type TraceParent,
} from './trace-context.ts'
