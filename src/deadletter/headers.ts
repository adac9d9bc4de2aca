/**
 * Names of the headers a dead record carries after the original's own. The last one counts them, so an original that
 * itself carries such names (a redirected dead record, or a forged one) is told apart and survives byte for byte.
 * @module
 */

export const deadHeaders = {
  /** `dead` or `parked`. */
  kind: 'veltrix-dead-kind',
  reason: 'veltrix-dead-reason',
  /** The story as JSON. */
  error: 'veltrix-dead-error',
  attempts: 'veltrix-dead-attempts',
  /** Times are ISO 8601 in UTC. */
  firstAttemptAt: 'veltrix-dead-first-attempt-at',
  lastAttemptAt: 'veltrix-dead-last-attempt-at',
  at: 'veltrix-dead-at',
  /** Origin of the record. */
  topic: 'veltrix-dead-topic',
  partition: 'veltrix-dead-partition',
  offset: 'veltrix-dead-offset',
  /** The original record's own timestamp, milliseconds since the epoch. */
  timestamp: 'veltrix-dead-timestamp',
  lane: 'veltrix-dead-lane',
  stream: 'veltrix-dead-stream',
  subscription: 'veltrix-dead-subscription',
  /** `continue` or `park-key`, as it was then. */
  policy: 'veltrix-dead-policy',
  /** Only where a person replaced the payload: the dead topic's offset at which the letter was first kept. */
  replacedFrom: 'veltrix-dead-replaced-from',
  /** Always the last header: how many at the end, itself included, are Veltrix's. */
  count: 'veltrix-dead-headers',
} as const

/** Header of an audit record: the action. The value has everything. */
export const auditActionHeader = 'veltrix-audit-action'
