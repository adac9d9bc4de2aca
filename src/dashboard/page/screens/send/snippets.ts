/**
 * The event of the form as a command and as code. Pure.
 * @module
 */
import type { SendRequest } from '../../../api/index.ts'

/** Structured mode of the CloudEvents HTTP binding, where lane and key come from the typed file. Null where there is no gateway to call. */
export function asCurl({ type, data, id }: SendRequest, gateway: string | null, app: string): string | null {
  if (gateway === null) return null
  const event = {
    specversion: '1.0',
    id: id ?? 'change-me-for-each-event',
    source: `/${app}/curl`,
    type,
    data,
  }
  const url = `${gateway.replace(/\/$/, '')}/events`
  return `curl -i ${quoted(url)} -H 'content-type: application/cloudevents+json' \\\n  -d ${quoted(JSON.stringify(event))}`
}

/** In single quotes of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

export function asTypeScript({ type, data, key, lane, id }: SendRequest): string {
  const options = Object.entries({ key, lane, id }).filter(([, value]) => value !== undefined)
  const last =
    options.length === 0
      ? ''
      : `, { ${options.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')} }`
  return `await app.publish(${JSON.stringify(type)}, ${JSON.stringify(data, null, 2)}${last})`
}
