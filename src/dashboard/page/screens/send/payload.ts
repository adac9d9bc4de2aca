/**
 * The payload: as a form where its schema is known, as JSON in any case.
 * @module
 */
import type { TypeView } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { Tabs } from '../../parts/tabs.ts'
import { JsonInput, Properties } from './fields.ts'
import { kindOf, resolved, type Schema } from './schema.ts'

interface Props {
  readonly type: TypeView | undefined
  readonly data: unknown
  readonly change: (data: unknown) => void
}

export function Payload({ type, data, change }: Props): VNode {
  const root = (type?.schema ?? {}) as Schema
  const raw = (): VNode =>
    html`<div class="field">
      <label for="send-json">Payload (JSON)</label>
      <${JsonInput} id="send-json" value=${data} change=${change} rows=${14} />
    </div>`
  if (kindOf(root, root) !== 'object') {
    return html`<div class="stack">
      <p class="muted">The schema of this type says too little for a form.</p>
      ${raw()}
    </div>`
  }
  const tabs = [
    {
      name: 'form',
      title: 'Form',
      draw: () =>
        html`<${Properties} schema=${resolved(root, root)} root=${root} value=${data} depth=${0} change=${change} />`,
    },
    { name: 'json', title: 'JSON', draw: raw },
  ]
  return html`<div><${Tabs} label="How to write the payload" tabs=${tabs} /></div>`
}
