/**
 * JSON as people read it, with what is masked marked as such.
 * @module
 */
import { html, type VNode } from '../html.ts'

/** In one line. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? ''
  return text.length > 240 ? `${text.slice(0, 239)}…` : text
}

/** What the server puts in the place of a secret. */
const mask = /^(?:\*{3,}|•{3,}|\[masked\])$/

export function isMasked(value: unknown): boolean {
  return typeof value === 'string' && mask.test(value)
}

export function Json({ value, label }: { value: unknown; label: string }): VNode {
  return html`<pre
    class="text wrap"
    tabindex="0"
    role="group"
    aria-label=${label}
  ><code>${parts(value, '')}</code></pre>`
}

function parts(value: unknown, indent: string): unknown {
  if (isMasked(value))
    return html`<span class="masked" title="Masked: a secret by the typed file">${JSON.stringify(value)}</span>`
  if (typeof value === 'string') return html`<span class="json-text">${JSON.stringify(value)}</span>`
  if (value === null || typeof value !== 'object') return html`<span class="json-other">${JSON.stringify(value)}</span>`
  const deeper = `${indent}  `
  const isList = Array.isArray(value)
  const entries = isList ? value.map((each) => [null, each] as const) : Object.entries(value)
  if (entries.length === 0) return isList ? '[]' : '{}'
  const [open, close] = isList ? '[]' : '{}'
  return [
    `${open}\n`,
    ...entries.map(([name, each], index) => [
      deeper,
      name === null ? null : [html`<span class="json-key">${JSON.stringify(name)}</span>`, ': '],
      parts(each, deeper),
      index < entries.length - 1 ? ',\n' : '\n',
    ]),
    `${indent}${close}`,
  ]
}
