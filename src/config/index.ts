export { compile } from './compile.ts'
export { defineVeltrix, event, type EventOptions } from './define.ts'
export { mask, masked, maskedField, unmasked } from './secrets.ts'
export { streamTopics } from './topics.ts'
export { ConfigInvalid, type ConfigProblem } from './errors.ts'
export { joined, meant, Problems, Section, shown } from './section.ts'
export {
  parseDuration,
  parseSize,
  durationText,
  sizeText,
  type Duration,
  type DurationRange,
  type Size,
} from './units.ts'
export type * from './compiled.ts'
export type * from './definition.ts'
export type * from './handler.ts'
export type {
  Carried,
  Definition,
  EventInput,
  EventOf,
  EventOutput,
  EventsOf,
  EventTypes,
  KeyField,
  LaneNames,
  Shape,
  SubscriptionNames,
} from './types.ts'
