/**
 * Every label of the table. None has an id, a key or an offset: what is told apart by a label is kept for long by whoever stores it.
 * @module
 */

/** Every label, and what bounds its values. */
export const labels = {
  'error.type': 'Code of an error of Veltrix, else its name; the first 40 that differ, then `_OTHER`',
  'http.request.method': 'The methods of HTTP, else `_OTHER`',
  'http.response.status_code': 'Status code of the answer',
  'http.route': "Pattern of the gateway's route; `unmatched` where there is none",
  'messaging.consumer.group.name': 'Group of the subscription: `<app>.<subscription>`',
  'messaging.destination.name': 'Topic: `<app>.<stream>.<lane>`',
  'messaging.operation.name': '`send`, `process` or `commit`',
  'messaging.operation.type': '`send`, `process` or `settle`',
  'messaging.system': '`kafka`, or `veltrix` for the embedded log',
  'url.scheme': '`http`',
  'veltrix.cause': '`fetch`, `commit`, `handler` or `unknown`',
  'veltrix.change': '`assigned`, `revoked` or `lost`',
  'veltrix.lane': 'Lanes of the typed file',
  'veltrix.reason': 'Why: of a dead letter, or of a pause',
  'veltrix.state': '`closed`, `half-open` or `open`',
  'veltrix.status': '`dead`, `parked` or `redriving`',
  'veltrix.stream': 'Streams of the typed file',
  'veltrix.subscription': 'Subscriptions of the typed file',
} as const

export type LabelName = keyof typeof labels
