/**
 * From a value of the input, or from flags, to what `publish` takes.
 * @module
 */
import { UsageInvalid } from '../errors.ts'

export interface Publication {
  readonly type: string
  readonly data: unknown
  readonly options: PublicationOptions
}

/** Attributes beside the payload, as `app.publish` takes them. */
export interface PublicationOptions {
  readonly id?: string
  readonly key?: string
  readonly lane?: string
  readonly time?: string
  readonly subject?: string
  readonly extensions?: Readonly<Record<string, string>>
}

const attributes = ['id', 'key', 'lane', 'time', 'subject'] as const
/** Fields of what `tail --json` and other tools print that say where an event was: not taken over. */
const ignored = new Set(['specversion', 'source', 'datacontenttype', 'stream', 'topic', 'partition', 'offset'])

/**
 * A value of the input as an event: `{ type, data, id?, key?, lane?, time?, subject?, extensions? }`. With `type` given, every value is
 * the payload itself. `given` stands for attributes that the value does not say.
 * @returns the event, or what is wrong
 */
export function publicationOf(
  value: unknown,
  type: string | undefined,
  given: PublicationOptions,
): Publication | string {
  if (type !== undefined) return { type, data: value, options: given }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'not an event: an object {"type": …, "data": …} is needed, or give the type on the command line'
  }
  const event = value as Record<string, unknown>
  const unknown = Object.keys(event).find((name) => !isKnown(name))
  if (unknown !== undefined) {
    return `not an event: there is no attribute "${unknown}"; extension attributes go into "extensions"`
  }
  if (typeof event['type'] !== 'string') return 'not an event: "type" is missing'
  for (const name of attributes) {
    if (event[name] !== undefined && typeof event[name] !== 'string') return `not an event: "${name}" must be text`
  }
  return { type: event['type'], data: event['data'], options: { ...given, ...optionsOf(event) } }
}

function isKnown(name: string): boolean {
  return (
    name === 'type' ||
    name === 'data' ||
    name === 'extensions' ||
    ignored.has(name) ||
    attributes.includes(name as never)
  )
}

function optionsOf(event: Record<string, unknown>): PublicationOptions {
  const entries = [...attributes, 'extensions'].flatMap((name) =>
    event[name] === undefined ? [] : [[name, event[name]] as const],
  )
  return Object.fromEntries(entries)
}

/**
 * The payload of `--data` with every `--field` put into it: `name=text`, `name:=json`, `card.number=…` for a field of a field.
 * @throws UsageInvalid
 */
export function payloadOf(json: string | undefined, fields: readonly string[]): unknown {
  let payload: unknown = {}
  if (json !== undefined) {
    try {
      payload = JSON.parse(json)
    } catch (error) {
      throw new UsageInvalid(
        `--data is not JSON: ${(error as Error).message}. Quote it for the shell: --data '{"orderId":"1"}'.`,
      )
    }
  }
  for (const field of fields) {
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      throw new UsageInvalid('--field needs an object in --data to put the field into.')
    }
    setField(payload as Record<string, unknown>, field)
  }
  return payload
}

function setField(payload: Record<string, unknown>, field: string): void {
  const match = /^([^=]+?)(:?=)([\s\S]*)$/.exec(field)
  if (match === null) {
    throw new UsageInvalid(`--field cannot be "${field}": write name=text, or name:=json as in total:=12.5.`)
  }
  const [, path = '', operator, text = ''] = match
  const steps = path.split('.')
  let place = payload
  for (const step of steps.slice(0, -1)) {
    const inner = Object.hasOwn(place, step) ? place[step] : undefined
    if (inner !== undefined && (typeof inner !== 'object' || inner === null)) {
      throw new UsageInvalid(`--field cannot set "${path}": "${step}" holds a value that is no object.`)
    }
    place = (inner ?? define(place, step, {})) as Record<string, unknown>
  }
  define(place, steps.at(-1)!, operator === ':=' ? jsonField(field, text) : text)
}

/** Also a field called `__proto__` becomes an own field, for the schema to refuse. */
function define(place: Record<string, unknown>, name: string, value: unknown): unknown {
  Object.defineProperty(place, name, { value, enumerable: true, configurable: true, writable: true })
  return value
}

function jsonField(field: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new UsageInvalid(
      `--field "${field}" is not JSON after ":=": ${(error as Error).message}. For text write "=".`,
    )
  }
}
