/**
 * The content of an event in four forms.
 * @module
 */
import { useMemo } from 'preact/hooks'
import type { EventView } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { Json } from '../../parts/json.ts'
import { Tabs } from '../../parts/tabs.ts'
import { hexDump } from './hex.ts'

export function EventContent({ view }: { view: EventView }): VNode {
  const tabs = [
    { name: 'event', title: 'Event', draw: () => html`<${Decoded} view=${view} />` },
    { name: 'raw', title: 'Raw', draw: () => html`<${Raw} view=${view} />` },
    { name: 'hex', title: 'Hex', draw: () => html`<${Hex} view=${view} />` },
    { name: 'headers', title: `Headers (${view.headers.length})`, draw: () => html`<${Headers} view=${view} />` },
  ]
  return html`<${Tabs} label="Forms of the event" tabs=${tabs} />`
}

function Decoded({ view: { event, undecodable } }: { view: EventView }): VNode {
  if (event === null) return html`<p class="notice careful">It cannot be read as an event: ${undecodable}</p>`
  return html`<${Json} value=${event} label="The CloudEvent" />`
}

function Raw({ view: { raw } }: { view: EventView }): VNode {
  const text = useMemo(() => (raw === null ? '' : new TextDecoder().decode(bytesOf(raw))), [raw])
  if (raw === null) return html`<${NotShown} />`
  return html`<pre class="text wrap" tabindex="0" role="group" aria-label="The record's value as text">${text}</pre>`
}

function Hex({ view: { raw } }: { view: EventView }): VNode {
  const text = useMemo(() => (raw === null ? '' : hexDump(bytesOf(raw))), [raw])
  if (raw === null) return html`<${NotShown} />`
  return html`<pre class="text" tabindex="0" role="group" aria-label="The record's value in hexadecimal">${text}</pre>`
}

function NotShown(): VNode {
  return html`<p class="muted">
    The bytes are not shown: a field of this type is secret, or this session may not read payloads.
  </p>`
}

function Headers({ view: { headers } }: { view: EventView }): VNode {
  if (headers.length === 0) return html`<p class="muted">The record has no headers.</p>`
  return html`<dl class="facts mono">
    ${headers.map(([name, value]) => [html`<dt>${name}</dt>`, html`<dd>${value}</dd>`])}
  </dl>`
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}
