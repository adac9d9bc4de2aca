/**
 * The gateway's description of itself, OpenAPI 3.1, made from the typed file.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import type { IdentityKind } from './access/index.ts'
import { partNames } from '../event/index.ts'
import { problemTypes, type ProblemName } from './problems.ts'
import { tailPath } from './tail/description.ts'
import { listedTypes, type ListedType } from './types-listing.ts'

type Json = Readonly<Record<string, unknown>>

/** What the document is made for. */
export interface Audience {
  /** Those the reader may see. Default all. */
  readonly types?: readonly ListedType[]
  /** What callers may show; `undefined` where nobody is asked. */
  readonly shown?: readonly IdentityKind[] | undefined
}

/** The document for `GET /openapi.json`. */
export function openApi(config: CompiledConfig, { types = listedTypes(config), shown }: Audience = {}): Json {
  const refusals = shown === undefined ? openRefusals : askedRefusals
  const names = partNames(
    types.map(({ type }) => type),
    new Set(Object.keys(fixedSchemas)),
  )
  const plain = types.map((each, index) => [
    `/events/${encodeURIComponent(each.type)}`,
    plainPath(each, names[index]!, refusals),
  ])
  return {
    openapi: '3.1.0',
    info: {
      title: `${config.app}: events over HTTP`,
      version: '1.0.0',
      description: '202 means that the event is durable. Refusals are problem details (RFC 9457).',
    },
    ...(shown === undefined ? {} : { security: shown.flatMap((kind) => requirements[kind]) }),
    paths: {
      '/events': eventsPath(names, refusals),
      ...Object.fromEntries(plain),
      '/events/types': {
        get: {
          summary: 'Types of events, with their JSON Schemas',
          responses: { 200: jsonResponse('The types', {}), ...(shown === undefined ? {} : refusalsOf(asked)) },
        },
      },
      '/tail': tailPath(config, refusals),
      ...Object.fromEntries(health.map(([path, summary]) => [path, healthPath(summary)])),
    },
    components: {
      ...(shown === undefined ? {} : { securitySchemes: schemesOf(shown) }),
      schemas: { ...fixedSchemas, ...Object.fromEntries(types.map((each, index) => dataSchema(each, names[index]!))) },
    },
  }
}

const health = [
  ['/livez', 'Whether it runs'],
  ['/startupz', 'Whether it has started'],
  ['/readyz', 'Whether a balancer is to send requests'],
] as const

function healthPath(summary: string): Json {
  return { get: { summary, security: [], responses: { 200: { description: 'Yes' }, 503: { description: 'No' } } } }
}

/** With an id of its own, so that `#/$defs/…` inside of it means its own. */
function dataSchema({ type, schema }: ListedType, name: string): readonly [string, unknown] {
  if (typeof schema !== 'object' || schema === null) return [name, true]
  return [name, { ...schema, $id: `urn:veltrix:data:${encodeURIComponent(type)}` }]
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` }
}

function eventsPath(names: readonly string[], refusals: Json): Json {
  const data = names.length === 0 ? {} : { anyOf: names.map(ref) }
  return {
    post: {
      summary: 'Publish CloudEvents 1.0: binary mode (ce- headers), structured or batched mode',
      parameters: binaryHeaders,
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: data },
          'application/cloudevents+json': { schema: ref('CloudEvent') },
          'application/cloudevents-batch+json': { schema: { type: 'array', items: ref('CloudEvent') } },
        },
      },
      responses: {
        202: jsonResponse('Durable: all of it', { anyOf: [ref('Accepted'), ref('BatchResult')] }),
        207: jsonResponse('A batch of which some events were refused', ref('BatchResult')),
        ...refusals,
      },
    },
  }
}

function plainPath({ type, lane, stream }: ListedType, name: string, refusals: Json): Json {
  return {
    post: {
      summary: `Publish one ${type} as plain JSON`,
      description: `Stream ${stream}, lane ${lane}.`,
      parameters: [header('Idempotency-Key', 'The id of the event: a repeat is stored once')],
      requestBody: { required: true, content: { 'application/json': { schema: ref(name) } } },
      responses: { 202: jsonResponse('Durable', ref('Accepted')), ...refusals },
    },
  }
}

function header(name: string, description: string): Json {
  return { name, in: 'header', description, required: false, schema: { type: 'string' } }
}

const binaryHeaders = [
  header('ce-specversion', 'Binary mode: 1.0'),
  header('ce-id', 'Binary mode: unique together with the source'),
  header('ce-source', 'Binary mode: a URI reference'),
  header('ce-type', 'Binary mode: a type of the typed file'),
  header('ce-time', 'Binary mode, optional: RFC 3339'),
  header('ce-subject', 'Binary mode, optional'),
]

function jsonResponse(description: string, schema: Json): Json {
  return { description, content: { 'application/json': { schema } } }
}

/** Problems of who calls, which only a gateway that asks has. */
const asked: readonly ProblemName[] = ['not-authenticated', 'not-allowed', 'access-unavailable']
const allProblems = Object.keys(problemTypes) as ProblemName[]

const openRefusals = refusalsOf(allProblems.filter((name) => !asked.includes(name)))
/** A gateway that asks takes any host. */
const askedRefusals = refusalsOf(allProblems.filter((name) => name !== 'host-refused'))

/** By status, with the names of the problems that have it. */
function refusalsOf(names: readonly ProblemName[]): Json {
  const byStatus = Map.groupBy(names, (name) => problemTypes[name].status)
  return Object.fromEntries(
    byStatus.entries().map(([status, problems]) => {
      const description = problems.map((name) => `${name}: ${problemTypes[name].title}`).join('; ')
      return [status, { description, content: { 'application/problem+json': { schema: ref('Problem') } } }]
    }),
  )
}

const securitySchemes = {
  bearerKey: { type: 'http', scheme: 'bearer', description: 'An API key' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key' },
  token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'webhook-signature',
    description: 'Standard Webhooks 1.0, together with webhook-id and webhook-timestamp',
  },
  certificate: { type: 'mutualTLS', description: 'A client certificate, checked by the proxy in front' },
}

/** Each is enough alone. */
const requirements: Readonly<Record<IdentityKind, readonly Json[]>> = {
  key: [{ bearerKey: [] }, { apiKey: [] }],
  token: [{ token: [] }],
  webhook: [{ signature: [] }],
  certificate: [{ certificate: [] }],
}

function schemesOf(shown: readonly IdentityKind[]): Json {
  const names = new Set(shown.flatMap((kind) => requirements[kind]).flatMap((each) => Object.keys(each)))
  return Object.fromEntries(Object.entries(securitySchemes).filter(([name]) => names.has(name)))
}

const text = { type: 'string' }

const fixedSchemas = {
  CloudEvent: {
    type: 'object',
    description: 'CloudEvents 1.0 in JSON; other attributes are extensions',
    required: ['specversion', 'id', 'source', 'type'],
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string', minLength: 1 },
      source: { type: 'string', minLength: 1, format: 'uri-reference' },
      type: { type: 'string', minLength: 1 },
      time: { type: 'string', format: 'date-time' },
      subject: { type: 'string', minLength: 1 },
      datacontenttype: text,
      dataschema: { type: 'string', format: 'uri' },
      data: {},
      data_base64: { type: 'string', contentEncoding: 'base64' },
    },
  },
  Accepted: { type: 'object', required: ['id', 'source', 'type'], properties: { id: text, source: text, type: text } },
  BatchResult: {
    type: 'object',
    required: ['accepted', 'refused', 'results'],
    properties: {
      accepted: { type: 'integer' },
      refused: { type: 'integer' },
      results: {
        type: 'array',
        items: {
          type: 'object',
          required: ['index', 'status'],
          properties: {
            index: { type: 'integer' },
            status: { type: 'integer' },
            id: text,
            source: text,
            type: text,
            replayed: { const: true },
            problem: ref('Problem'),
          },
        },
      },
    },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: { enum: (Object.keys(problemTypes) as ProblemName[]).map((name) => `urn:veltrix:problem:${name}`) },
      title: text,
      status: { type: 'integer' },
      detail: text,
      code: text,
      retryAfterSeconds: { type: 'integer' },
      issues: {
        type: 'array',
        items: { type: 'object', required: ['path', 'message'], properties: { path: text, message: text } },
      },
    },
  },
}
