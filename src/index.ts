/**
 * Veltrix: describe events once, publish and handle them by lane and key.
 * @module
 */
import type { Definition } from './config/index.ts'
import { App, type VeltrixOptions } from './veltrix.ts'

/**
 * Makes an application of a typed file. Nothing is opened before `start()` or the first `publish()`.
 *
 * @example
 * const app = veltrix(config).handle('billing', 'order.placed', async (event, ctx) => { … })
 * await app.start()
 * await app.publish('order.placed', { orderId: 'o-1', total: 12 })
 * @throws ConfigInvalid with every problem of the file
 */
export function veltrix<C extends Definition<any>, Tx = unknown>(
  definition: C,
  options: VeltrixOptions<Tx> = {},
): App<C, Tx> {
  return new App<C, Tx>(definition, options, async () => (await import('./transport/embedded/index.ts')).embedded())
}

export { defineVeltrix, event } from './config/index.ts'
export type {
  BatchContext,
  BatchHandler,
  BatchResult,
  CompiledConfig,
  ConfigProblem,
  Definition,
  Duration,
  EventHandler,
  EventInput,
  EventOf,
  EventOptions,
  EventOutput,
  EventsOf,
  EventTypes,
  HandlerContext,
  HandlerOf,
  LaneNames,
  Once,
  OnceResult,
  Publish,
  PublishArguments,
  PublishItem,
  PublishMany,
  PublishOptions,
  PublishOutcome,
  PublishResult,
  Size,
  SubscriptionNames,
} from './config/index.ts'
export type { VeltrixEvent } from './event/index.ts'
export type {
  AuditEntry,
  DeadReason,
  DryRun,
  IndexedLetter,
  LetterFilter,
  LetterGroup,
  LetterPage,
  LetterResult,
  LetterSelection,
  PagedLetter,
  ParkedKey,
  ParkedKeys,
  RedriveOptions,
  RedriveProgress,
  ReplaceOptions,
  Replacement,
  ShownLetter,
} from './deadletter/index.ts'
export { DeadLetters } from './deadletter/index.ts'
export type { DrainReport, Middleware, SubscriptionStatus } from './worker/index.ts'
export { Unrecoverable, RetryAfter } from './worker/index.ts'
export { App, type StartOptions, type VeltrixOptions } from './veltrix.ts'
export { errorCodes, isVeltrixError, VeltrixError, type ErrorCode } from './errors.ts'
export { systemClock, type Clock, type Timer } from './clock.ts'
export { channelOf, type ChannelMessages, type ChannelName, type EventNote } from './channels.ts'
export type { InboxEntry, InboxStore } from './inbox/index.ts'
export type * from './transport/index.ts'
