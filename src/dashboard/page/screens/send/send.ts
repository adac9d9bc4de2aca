/**
 * Publishes one event: a form from the type's schema, or JSON; and the same as a command and as code.
 * @module
 */
import { useEffect, useState } from 'preact/hooks'
import type { EventView, SendRequest, SendResult, TypeView } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { Empty } from '../../parts/empty.ts'
import { isMasked } from '../../parts/json.ts'
import { say } from '../../parts/toasts.ts'
import { href, useRoute } from '../../router.ts'
import { get, post, said } from '../../server.ts'
import { useSystem } from '../../system.ts'
import { Payload } from './payload.ts'
import { Samples } from './samples.ts'
import { beginning, type Schema } from './schema.ts'
import { Snippets } from './snippet-view.ts'

interface Draft {
  readonly request: SendRequest
  /** Changes when the form is filled from elsewhere: then its fields begin anew. */
  readonly filled: number
}

export function Send(): VNode {
  const { streams, rights, readOnly } = useSystem()
  const types = streams.flatMap((stream) => stream.types)
  if (types.length === 0)
    return html`<h1>Send</h1>
      <${Empty} title="No types"><p>The typed file declares no events.</p><//>`
  if (readOnly || !rights.publish) {
    return html`<h1>Send</h1>
      <${Empty} title="This session may not publish"
        ><p>${readOnly ? 'The dashboard was started read only.' : 'It has no right to.'}</p><//
      >`
  }
  return html`<${SendForm} types=${types} />`
}

function SendForm({ types }: { types: readonly TypeView[] }): VNode {
  const { query } = useRoute()
  const [{ request, filled }, setDraft] = useState<Draft>(() => ({
    request: fresh(types, query.get('type')),
    filled: 0,
  }))
  const [problem, setProblem] = useState<string | null>(null)
  const [sent, setSent] = useState<SendResult | null>(null)
  const [busy, setBusy] = useState(false)
  const fill = (next: SendRequest): void => {
    setProblem(null)
    setDraft((before) => ({ request: next, filled: before.filled + 1 }))
  }
  const change = (part: Partial<SendRequest>): void =>
    setDraft((before) => ({ ...before, request: { ...before.request, ...part } }))
  const again = query.get('again')
  useEffect(() => {
    if (again !== null) fillFrom(again, fill)
  }, [again])
  const type = types.find((each) => each.type === request.type)
  const send = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      setSent(await post<SendResult>('events', request))
    } catch (error) {
      setProblem(said(error))
    }
    setBusy(false)
  }
  return html`
    <div class="title"><h1>Send an event</h1></div>
    <div class="send-columns">
      <form class="card stack" onSubmit=${(event: Event) => void send(event)}>
        <${Attributes} request=${request} change=${change} choose=${(name: string) => fill(fresh(types, name))} />
        ${hasMasks(request.data) && html`<p class="notice careful">Some fields are masked: put real values in their place, or the mask is what is sent.</p>`}
        <${Payload} key=${filled} type=${type} data=${request.data} change=${(data: unknown) => change({ data })} />
        ${problem !== null && html`<p class="notice problem" role="alert">${problem}</p>`}
        <div class="row">
          <button class="primary" type="submit" disabled=${busy}>Send</button>
          <span role="status"
            >${sent !== null && html`Stored. <a href=${href(['event', sent.topic, sent.partition, sent.offset])}>See the event</a>`}</span
          >
        </div>
      </form>
      <div>
        <${Samples} request=${request} load=${fill} />
        <${Snippets} request=${request} />
      </div>
    </div>
  `
}

function fresh(types: readonly TypeView[], wanted: string | null): SendRequest {
  const type = types.find((each) => each.type === wanted) ?? types[0]!
  const schema = (type.schema ?? {}) as Schema
  return { type: type.type, data: beginning(schema, schema) ?? {} }
}

/** A stored event as a draft. It gets an id of its own: the old one would be taken for a duplicate. */
function fillFrom(place: string, fill: (request: SendRequest) => void): void {
  get<EventView>(`events/${place.split('/').map(encodeURIComponent).join('/')}`).then(
    ({ line, event }) =>
      fill({ type: line.type, data: (event as { data?: unknown } | null)?.data ?? {}, lane: line.lane }),
    (error: unknown) => say(said(error), true),
  )
}

function hasMasks(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isMasked(value)
  return Object.values(value).some(hasMasks)
}

interface AttributesProps {
  readonly request: SendRequest
  readonly change: (part: Partial<SendRequest>) => void
  readonly choose: (type: string) => void
}

function Attributes({ request, change, choose }: AttributesProps): VNode {
  const { streams, lanes } = useSystem()
  const stream = streams.find(({ types }) => types.some(({ type }) => type === request.type))
  const own = stream?.types.find(({ type }) => type === request.type)
  const value = (event: Event): string | undefined => (event.target as HTMLInputElement).value.trim() || undefined
  return html`<div class="letter-filters">
    <div class="field">
      <label for="send-type">Type</label>
      <select id="send-type" onChange=${(event: Event) => choose(value(event)!)}>
        ${streams.map(
          ({ name, types }) =>
            html`<optgroup key=${name} label=${name}>
              ${types.map(({ type }) => html`<option key=${type} value=${type} selected=${type === request.type}>${type}</option>`)}
            </optgroup>`,
        )}
      </select>
    </div>
    <div class="field">
      <label for="send-lane">Lane</label>
      <select id="send-lane" onChange=${(event: Event) => change({ lane: value(event) })}>
        <option value="" selected=${request.lane === undefined}>
          ${own === undefined ? 'as declared' : `as declared: ${own.lane}`}
        </option>
        ${lanes.map((lane) => html`<option key=${lane} value=${lane} selected=${lane === request.lane}>${lane}</option>`)}
      </select>
    </div>
    <div class="field">
      <label for="send-key">Key</label>
      <input
        id="send-key"
        value=${request.key ?? ''}
        placeholder=${stream?.key ? `from ${stream.key}` : 'from the payload'}
        spellcheck="false"
        onInput=${(event: Event) => change({ key: value(event) })}
      />
    </div>
    <div class="field">
      <label for="send-id">Id</label>
      <input
        id="send-id"
        value=${request.id ?? ''}
        placeholder="made anew"
        spellcheck="false"
        onInput=${(event: Event) => change({ id: value(event) })}
      />
    </div>
  </div>`
}
