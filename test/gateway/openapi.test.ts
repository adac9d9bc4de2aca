/** The description that a gateway gives of itself is valid by OpenAPI's own schema, and says what the gateway does. */
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Descriptions } from '../../src/gateway/descriptions.ts'
import { openApi, type Audience } from '../../src/gateway/openapi.ts'
import { listedTypes } from '../../src/gateway/types-listing.ts'
import { compile, defineVeltrix, event } from '../../src/config/index.ts'
import { problemIn, running, shop } from './running.ts'

interface Document {
  readonly paths: Readonly<Record<string, { readonly post?: { readonly responses: object } }>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const node: z.ZodType = z.lazy(() => z.object({ name: z.string(), children: z.array(node) }))
/** Types that share a name once they are cleaned, one that recurs, and one without a schema in JSON. */
const odd = defineVeltrix({
  app: 'odd',
  streams: {
    things: {
      key: 'key',
      events: {
        'a/b': event(z.object({ key: z.string(), id: z.string() })),
        'a b': event(z.object({ key: z.string(), id: z.number() })),
        Problem: event(z.object({ key: z.string(), tree: node })),
        late: event(z.object({ key: z.string(), at: z.date() })),
      },
    },
  },
})

test('it is valid OpenAPI 3.1', async () => {
  const { url } = await running()
  const served = (await (await fetch(`${url}/openapi.json`)).json()) as Record<string, unknown>
  expect(await new Validator().validate(served)).toMatchObject({ valid: true })
  expect(served).toMatchObject({ openapi: '3.1.0', paths: { '/events': {}, '/events/order.placed': {}, '/tail': {} } })
})

test('odd types have a schema each, and a valid document', async () => {
  const made = openApi(compile(odd))
  const document = made as unknown as Document
  expect(await new Validator().validate({ ...made })).toMatchObject({ valid: true })
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['a_b', 'a_b_2', 'Problem_2', 'late', 'Problem']),
  )
  expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/events/a%2Fb', '/events/a%20b']))
})

test('what the gateway answers is what the document says', async () => {
  const { post, url } = await running()
  const { components, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as Document
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'https://gateway.example/', components })
  const holds = (name: string, value: unknown): boolean =>
    ajv.validate({ $ref: `https://gateway.example/#/components/schemas/${name}` }, value)
  const json = { 'content-type': 'application/json' }
  const good = await post('/events/order.placed', json, '{"orderId":"o"}')
  const bad = await post('/events/order.placed', json, '{"orderId":7}')
  expect(holds('Accepted', await good.json())).toBe(true)
  const problem = await problemIn(bad)
  expect(holds('Problem', problem)).toBe(true)
  expect(holds('Problem', { ...problem, type: 'urn:veltrix:problem:nonsense' })).toBe(false)
  for (const { status } of [good, bad])
    expect(paths['/events/order.placed']!.post!.responses).toHaveProperty(`${status}`)
  expect(holds('order.placed', { orderId: 'o' })).toBe(true)
  expect(holds('order.placed', { orderId: 7 })).toBe(false)
})

test('it is made once for all who may see the same, and never shown to others', () => {
  const config = compile(shop)
  const types = listedTypes(config)
  const descriptions = new Descriptions(config)
  const fresh = (audience: Audience): unknown => JSON.parse(JSON.stringify(openApi(config, audience)))
  const audiences: (Audience & { types: typeof types })[] = [
    { types },
    { types: types.slice(0, 1) },
    { types: [] },
    ...(['key', 'token', 'webhook', 'certificate'] as const).flatMap((kind) => [
      { types, shown: [kind] },
      { types: types.slice(1), shown: [kind] },
      { types: [], shown: [kind] },
    ]),
    { types, shown: ['key', 'token'] },
    { types, shown: ['key', 'webhook'] },
  ]
  // More than are kept.
  for (const audience of [...audiences, ...audiences]) {
    expect(JSON.parse(descriptions.of(audience))).toEqual(fresh(audience))
  }
  let made = 0
  const counted = new Descriptions(new Proxy(config, { get: (target, name) => (made++, Reflect.get(target, name)) }))
  counted.of({ types })
  const once = made
  counted.of({ types })
  expect([once > 0, made]).toEqual([true, once])
})
