/**
 * Every name that spans have: attributes, events, and how names are made. OpenTelemetry's where it has one (semantic conventions of
 * messaging, CloudEvents and HTTP, 1.45), else ours. `docs/guides/tracing.md` says the same.
 * @module
 */

export const names = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  subscription: 'veltrix.subscription',
  group: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  eventId: 'cloudevents.event_id',
  eventSource: 'cloudevents.event_source',
  eventSpecVersion: 'cloudevents.event_spec_version',
  eventSubject: 'cloudevents.event_subject',
  eventType: 'cloudevents.event_type',
  errorType: 'error.type',
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  httpVersion: 'network.protocol.version',
  urlPath: 'url.path',
  urlScheme: 'url.scheme',
  lane: 'veltrix.lane',
  stream: 'veltrix.stream',
  attempt: 'veltrix.attempt',
  /** From the event's publish time to the start of its handler. */
  waitedMs: 'veltrix.waited_ms',
  redriven: 'veltrix.redriven',
  /** `handled`, `retry`, `dead` or `interrupted`. */
  outcome: 'veltrix.outcome',
  /** The id had been published before, and nothing new was stored. */
  duplicate: 'veltrix.duplicate',
  failedEvents: 'veltrix.failed_events',
  /** On links: `creation` or `first-attempt`. */
  link: 'veltrix.link',
  /** On events. */
  retryDelayMs: 'veltrix.retry.delay_ms',
  deadReason: 'veltrix.dead.reason',
} as const

export const spanEvents = { retry: 'veltrix.retry', dead: 'veltrix.dead_letter' } as const

/** What is one system's own has its name in it (`messaging.kafka.offset`). */
export function systemNames(system: string): { readonly offset: string; readonly key: string } {
  return { offset: `messaging.${system}.offset`, key: `messaging.${system}.message.key` }
}

/** Of the messaging system: the embedded log is our own. */
export function systemOf(transport: string): string {
  return transport === 'embedded' ? 'veltrix' : transport
}
