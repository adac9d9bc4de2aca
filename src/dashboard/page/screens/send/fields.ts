/**
 * A field of the form for each part of a schema, objects and lists with their own inside.
 * @module
 */
import { useId, useState } from 'preact/hooks'
import { html, type VNode } from '../../html.ts'
import { said } from '../../server.ts'
import { beginning, kindOf, resolved, type Kind, type Schema } from './schema.ts'

export interface FieldProps {
  readonly name: string
  readonly schema: Schema
  readonly root: Schema
  readonly value: unknown
  readonly required: boolean
  readonly depth: number
  readonly change: (value: unknown) => void
}

export function Field(props: FieldProps): VNode {
  const schema = resolved(props.schema, props.root)
  const kind = kindOf(schema, props.root, props.depth)
  const own = { ...props, schema }
  if (kind === 'object') return html`<${ObjectField} ...${own} />`
  if (kind === 'list') return html`<${ListField} ...${own} />`
  return html`<${Single} ...${own} kind=${kind} />`
}

/** The fields of an object, without a frame. */
export function Properties({ schema, root, value, depth, change }: Omit<FieldProps, 'name' | 'required'>): VNode {
  const known = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}) as Readonly<
    Record<string, unknown>
  >
  const set = (name: string, next: unknown): void => {
    const { [name]: _, ...others } = known
    change(next === undefined ? others : { ...known, [name]: next })
  }
  return html`<div class="stack tight">
    ${Object.entries(schema.properties ?? {}).map(
      ([name, each]) =>
        html`<${Field}
          key=${name}
          name=${name}
          schema=${each}
          root=${root}
          value=${known[name]}
          required=${schema.required?.includes(name) ?? false}
          depth=${depth + 1}
          change=${(next: unknown) => set(name, next)}
        />`,
    )}
  </div>`
}

function ObjectField(props: FieldProps): VNode {
  const { name, schema, root, value, required, depth, change } = props
  const absent = value === undefined
  return html`<fieldset>
    <legend>${name}${required ? '' : ' (optional)'}</legend>
    ${
      absent
        ? html`<button type="button" onClick=${() => change(beginning(schema, root, depth))}>Add ${name}</button>`
        : html`<${Properties}
              ...${props}
            />${!required && html`<button type="button" class="plain" onClick=${() => change(undefined)}>Leave out ${name}</button>`}`
    }
  </fieldset>`
}

function ListField({ name, schema, root, value, required, depth, change }: FieldProps): VNode {
  const items = Array.isArray(value) ? (value as unknown[]) : []
  const without = (index: number): void => {
    const left = items.filter((_, at) => at !== index)
    change(left.length === 0 && !required ? undefined : left)
  }
  return html`<fieldset>
    <legend>${name}${required ? '' : ' (optional)'}</legend>
    <div class="stack tight">
      ${items.map(
        (item, index) =>
          html`<div class="list-item" key=${index}>
            <${Field}
              name=${`${name} ${index + 1}`}
              schema=${schema.items!}
              root=${root}
              value=${item}
              required
              depth=${depth + 1}
              change=${(next: unknown) => change(items.with(index, next))}
            />
            <button
              type="button"
              class="plain"
              aria-label=${`Take away ${name} ${index + 1}`}
              onClick=${() => without(index)}
            >
              ×
            </button>
          </div>`,
      )}
      <button type="button" onClick=${() => change([...items, beginning(schema.items!, root, depth + 1)])}>
        Add to ${name}
      </button>
    </div>
  </fieldset>`
}

function Single({ name, schema, value, required, change, kind }: FieldProps & { kind: Kind }): VNode {
  const id = useId()
  const hint = hintOf(schema)
  const label = html`<label for=${id}>${name}${required ? '' : html`<span class="muted"> (optional)</span>`}</label>`
  const described = hint === '' ? undefined : `${id}-hint`
  return html`<div class="field">
    ${label}
    <${Input}
      id=${id}
      schema=${schema}
      value=${value}
      required=${required}
      change=${change}
      kind=${kind}
      described=${described}
    />
    ${hint !== '' && html`<span class="hint" id=${described}>${hint}</span>`}
  </div>`
}

interface InputProps {
  readonly id: string
  readonly schema: Schema
  readonly value: unknown
  readonly required: boolean
  readonly kind: Kind
  readonly described: string | undefined
  readonly change: (value: unknown) => void
}

function Input({ id, schema, value, required, kind, described, change }: InputProps): VNode {
  const text = (event: Event): string => (event.target as HTMLInputElement).value
  if (kind === 'choice') {
    const choices = schema.enum!
    const chosen = (event: Event): void => {
      const index = text(event)
      change(index === '' ? undefined : choices[Number(index)])
    }
    return html`<select id=${id} aria-describedby=${described} onChange=${chosen}>
      ${!required && html`<option value="" selected=${value === undefined}></option>`}
      ${choices.map((choice, index) => html`<option key=${index} value=${index} selected=${choice === value}>${String(choice)}</option>`)}
    </select>`
  }
  if (kind === 'boolean') {
    return html`<input
      id=${id}
      type="checkbox"
      checked=${value === true}
      aria-describedby=${described}
      onChange=${(event: Event) => change((event.target as HTMLInputElement).checked)}
    />`
  }
  if (kind === 'number' || kind === 'integer') {
    const numbered = (event: Event): void => change(text(event) === '' ? undefined : Number(text(event)))
    return html`<input
      id=${id}
      type="number"
      step=${kind === 'integer' ? 1 : 'any'}
      value=${value ?? ''}
      aria-describedby=${described}
      onInput=${numbered}
    />`
  }
  if (kind === 'json') return html`<${JsonInput} id=${id} value=${value} change=${change} />`
  const typed = (event: Event): void => change(text(event) === '' && !required ? undefined : text(event))
  return html`<input
    id=${id}
    value=${value ?? ''}
    aria-describedby=${described}
    spellcheck="false"
    autocomplete="off"
    onInput=${typed}
  />`
}

/** Where a schema says too little, or too much, for a field. */
export function JsonInput({
  id,
  value,
  change,
  rows = 3,
}: {
  id: string
  value: unknown
  change: (value: unknown) => void
  rows?: number
}): VNode {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)))
  const [problem, setProblem] = useState<string | null>(null)
  const typed = (event: Event): void => {
    const next = (event.target as HTMLTextAreaElement).value
    setText(next)
    try {
      change(next.trim() === '' ? undefined : JSON.parse(next))
      setProblem(null)
    } catch (error) {
      setProblem(said(error))
    }
  }
  return html`
    <textarea
      id=${id}
      rows=${rows}
      spellcheck="false"
      value=${text}
      onInput=${typed}
      aria-invalid=${problem !== null}
      aria-describedby=${`${id}-problem`}
    ></textarea>
    <span class="wrong" id=${`${id}-problem`} role="alert">${problem}</span>
  `
}

function hintOf({ description, format, pattern, minimum, maximum, minLength, maxLength }: Schema): string {
  const limits = [
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `at least ${minimum}` : '',
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `at most ${maximum}` : '',
    (minLength ?? 0) > 1 ? `at least ${minLength} characters` : minLength === 1 ? 'not empty' : '',
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
  ]
  return [description, format, format === undefined && pattern !== undefined ? `like ${pattern}` : '', ...limits]
    .filter(Boolean)
    .join(', ')
}
