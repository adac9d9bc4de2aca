/**
 * Messages: each type of event as a record of the log, and as a request to the gateway, in CloudEvents' binary mode both times.
 * @module
 */
import type { CompiledConfig, CompiledEvent } from '../config/index.ts'
import { jsonSchemaOf, partNames, type JsonSchema } from '../event/index.ts'
import { pointer, ref, type Json } from './parts.ts'
import { rebased } from './rebased.ts'

export interface NamedMessage {
  readonly name: string
  readonly message: Json
}

/** By event type. */
export interface Messages {
  /** As they lie in the log. */
  readonly stored: ReadonlyMap<string, NamedMessage>
  /** As the gateway takes them. */
  readonly posted: ReadonlyMap<string, NamedMessage>
  readonly schemas: Readonly<Record<string, unknown>>
}

const recordHeaders = 'CloudEventHeaders'
const httpHeaders = 'CloudEventHttpHeaders'

export function messagesOf(config: CompiledConfig): Messages {
  const events = [...config.events.values()]
  const types = events.map(({ type }) => type)
  const messageNames = new Set<string>()
  const storedNames = partNames(types, messageNames)
  const postedNames = partNames(types.map((type) => `${type}.http`), messageNames) // prettier-ignore
  const schemaNames = new Set([recordHeaders, httpHeaders])
  const outputs = partNames(types, schemaNames)
  const inputs = partNames(types.map((type) => `${type}.input`), schemaNames) // prettier-ignore
  const schemas: Record<string, unknown> = { [recordHeaders]: headersOf('ce_'), [httpHeaders]: headersOf('ce-') }
  const stored = new Map<string, NamedMessage>()
  const posted = new Map<string, NamedMessage>()
  for (const [index, event] of events.entries()) {
    const output = payloadOf(event, 'output')
    const input = payloadOf(event, 'input')
    const isSame = JSON.stringify(output) === JSON.stringify(input)
    const outputName = outputs[index]!
    const inputName = isSame ? outputName : inputs[index]!
    schemas[outputName] = placed(output, outputName)
    schemas[inputName] = placed(input, inputName)
    stored.set(event.type, { name: storedNames[index]!, message: storedMessage(event, outputName) })
    posted.set(event.type, { name: postedNames[index]!, message: postedMessage(event, inputName) })
  }
  return { stored, posted, schemas }
}

function storedMessage({ type, keyField, secret }: CompiledEvent, schema: string): Json {
  const from = keyField === undefined ? 'a function of the payload' : `the field ${keyField} of the payload`
  return {
    name: type,
    title: type,
    contentType: 'application/json',
    headers: headersFor(recordHeaders, 'ce_type', type),
    payload: ref('components', 'schemas', schema),
    bindings: {
      kafka: {
        key: { type: 'string', minLength: 1, description: `What order is kept by: ${from}, as UTF-8.` },
        bindingVersion: '0.5.0',
      },
    },
    ...(secret.length === 0 ? {} : { 'x-secret-fields': secret }),
  }
}

function postedMessage({ type, secret }: CompiledEvent, schema: string): Json {
  return {
    name: type,
    title: `${type} over HTTP`,
    contentType: 'application/json',
    headers: headersFor(httpHeaders, 'ce-type', type),
    payload: ref('components', 'schemas', schema),
    ...(secret.length === 0 ? {} : { 'x-secret-fields': secret }),
  }
}

function headersFor(name: string, typeHeader: string, type: string): Json {
  return {
    type: 'object',
    allOf: [ref('components', 'schemas', name)],
    properties: { [typeHeader]: { const: type } },
  }
}

const text = { type: 'string' }

/** Attributes of CloudEvents 1.0 in binary mode: the Kafka binding's prefix is `ce_`, the HTTP binding's `ce-`. */
function headersOf(prefix: 'ce_' | 'ce-'): Json {
  return {
    type: 'object',
    description: `CloudEvents 1.0, binary mode; other headers that begin with ${prefix} are extension attributes.`,
    required: [`${prefix}specversion`, `${prefix}id`, `${prefix}source`, `${prefix}type`],
    properties: {
      [`${prefix}specversion`]: { const: '1.0' },
      [`${prefix}id`]: { type: 'string', minLength: 1, description: 'Unique together with the source.' },
      [`${prefix}source`]: { type: 'string', minLength: 1, format: 'uri-reference' },
      [`${prefix}type`]: { type: 'string', minLength: 1 },
      [`${prefix}time`]: { type: 'string', format: 'date-time' },
      [`${prefix}subject`]: { type: 'string', minLength: 1 },
      'content-type': text,
    },
  }
}

/** Draft 7 is what AsyncAPI's own Schema Object extends, so that no other format has to be named. */
function payloadOf({ schema }: CompiledEvent, side: 'input' | 'output'): JsonSchema {
  const found = jsonSchemaOf(schema, { side, draft: 'draft-07' })
  return 'schema' in found ? found.schema : { description: `Not described: ${found.problem}.` }
}

function placed(schema: JsonSchema, name: string): unknown {
  return rebased(schema, pointer('components', 'schemas', name))
}
