/**
 * One event: as CloudEvent, raw, in hex, its headers, what became of it, and what its key's neighbours did.
 * @module
 */
import type { EventView } from '../../../api/index.ts'
import { bytes, count, dateTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { Pending, useAsked } from '../../parts/asked.ts'
import { href, useRoute } from '../../router.ts'
import { get } from '../../server.ts'
import { useSystem } from '../../system.ts'
import { EventContent } from './content.ts'
import { Neighbours } from './neighbours.ts'
import { Story } from './story.ts'

export function Event(): VNode {
  const { path } = useRoute()
  const [, topic = '', partition = '', offset = ''] = path
  const asked = useAsked(
    (signal) => get<EventView>(`events/${[topic, partition, offset].map(encodeURIComponent).join('/')}`, {}, signal),
    [topic, partition, offset],
  )
  const view = asked.value
  return html`
    <div class="title">
      <h1 class="grow break">${view?.line.type ?? 'Event'}</h1>
      <button onClick=${asked.again} disabled=${asked.asking}>Refresh</button>
      ${view !== null && html`<${SendAgain} view=${view} />`}
    </div>
    <${Pending} asked=${asked} what="the event" />
    ${view !== null && html`<${Loaded} view=${view} />`}
  `
}

function SendAgain({ view: { line, event } }: { view: EventView }): VNode | null {
  const { rights, readOnly } = useSystem()
  if (readOnly || !rights.publish || event === null) return null
  const { topic, partition, offset, type } = line
  return html`<a class="button" href=${href(['send'], { again: `${topic}/${partition}/${offset}`, type })}
    >Send again…</a
  >`
}

function Loaded({ view }: { view: EventView }): VNode {
  const { line, trace } = view
  const { topic, partition, offset, stream, lane, key, id, source, at } = line
  return html`
    <div class="columns">
      <section class="card">
        <h2 class="hidden">Where it lies</h2>
        <dl class="facts">
          <dt>Id</dt>
          <dd class="mono">${id}</dd>
          <dt>Key</dt>
          <dd><a href=${href(['tail'], { stream, lane: null, key })}>${key}</a></dd>
          <dt>Source</dt>
          <dd>${source}</dd>
          <dt>Stored</dt>
          <dd>${dateTime(at)}</dd>
        </dl>
      </section>
      <section class="card">
        <dl class="facts">
          <dt>Stream</dt>
          <dd>${stream}</dd>
          <dt>Lane</dt>
          <dd><${LaneTag} lane=${lane} /></dd>
          <dt>Place</dt>
          <dd>${topic}, partition ${partition}, offset ${count(offset)}</dd>
          <dt>Size</dt>
          <dd>${bytes(view.bytes)}</dd>
          ${
            trace !== null &&
            html`<dt>Trace</dt>
              <dd class="mono">
                ${trace.url === null ? trace.id : html`<a href=${trace.url} target="_blank" rel="noreferrer">${trace.id}</a>`}
              </dd>`
          }
        </dl>
      </section>
    </div>
    <div class="event-columns">
      <section class="card">
        <h2 class="hidden">Content</h2>
        <${EventContent} view=${view} />
      </section>
      <section class="card">
        <h2>What became of it</h2>
        <${Story} steps=${view.story} />
      </section>
    </div>
    <${Neighbours} view=${view} />
  `
}
