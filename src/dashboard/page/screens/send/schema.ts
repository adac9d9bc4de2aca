/**
 * A JSON Schema as fields of a form: what each is, and a value to begin with. What it cannot draw is edited as JSON. Pure.
 * @module
 */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly definitions?: Readonly<Record<string, Schema>>
  readonly default?: unknown
  readonly description?: string
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
}

export type Kind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'object' | 'list' | 'json'

const deepest = 6

/** What a field of `schema` is. `root` has the definitions that `$ref` points at. */
export function kindOf(schema: Schema, root: Schema, depth = 0): Kind {
  const { type, enum: choices, properties, items } = resolved(schema, root)
  if (choices !== undefined && choices.length > 0) return 'choice'
  if (type === 'string') return 'text'
  if (type === 'number' || type === 'integer' || type === 'boolean') return type
  if (depth >= deepest) return 'json'
  if (type === 'object' && properties !== undefined) return 'object'
  return type === 'array' && items !== undefined ? 'list' : 'json'
}

/** Follows references; of alternatives (and of types) takes the one beside `null`, if it is the only one. */
export function resolved(schema: Schema, root: Schema): Schema {
  let now = schema
  for (let steps = 0; steps < 16; steps++) {
    if (now.$ref !== undefined) {
      const target = pointed(root, now.$ref)
      if (target === undefined) return {}
      now = target
      continue
    }
    if (now.const !== undefined) return { ...now, enum: [now.const] }
    const types = Array.isArray(now.type) ? (now.type as readonly string[]).filter((type) => type !== 'null') : []
    if (types.length === 1) return { ...now, type: types[0]! }
    const choices = (now.anyOf ?? now.oneOf)?.filter(({ type }) => type !== 'null')
    if (choices === undefined) return now
    if (choices.length === 1) now = choices[0]!
    else if (choices.length > 0 && choices.every((each) => each.const !== undefined))
      return { ...now, enum: choices.map((each) => each.const) }
    else return {}
  }
  return {}
}

function pointed(root: Schema, reference: string): Schema | undefined {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  const steps = reference
    .slice(2)
    .split('/')
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
  let now: unknown = root
  for (const step of steps) now = (now as Record<string, unknown> | undefined)?.[step]
  return now as Schema | undefined
}

/** A value to begin with: what must be there, empty. */
export function beginning(schema: Schema, root: Schema, depth = 0): unknown {
  const own = resolved(schema, root)
  if (own.default !== undefined) return own.default
  switch (kindOf(own, root, depth)) {
    case 'choice':
      return own.enum![0]
    case 'text':
      return ''
    case 'number':
    case 'integer':
      return Math.max(own.minimum ?? 0, 0)
    case 'boolean':
      return false
    case 'list':
      return Array.from({ length: Math.min(own.minItems ?? 0, 3) }, () => beginning(own.items!, root, depth + 1))
    case 'object':
      return Object.fromEntries(
        (own.required ?? []).map((name) => [name, beginning(own.properties?.[name] ?? {}, root, depth + 1)]),
      )
    case 'json':
      return null
  }
}
