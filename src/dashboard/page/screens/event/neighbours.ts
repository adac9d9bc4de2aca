/**
 * Events of the same key around this one: order is kept by key, so they are what it waited for and what waits for it.
 * @module
 */
import type { EventState, EventView } from '../../../api/index.ts'
import { exactTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { shortJson } from '../../parts/json.ts'
import { href } from '../../router.ts'

const kinds: Readonly<Record<EventState, string>> = {
  waiting: '',
  running: '',
  retrying: 'warn',
  done: 'good',
  dead: 'bad',
  parked: 'bad',
  unknown: '',
}

export function Neighbours({ view: { line, neighbours } }: { view: EventView }): VNode {
  return html`<section class="card">
    <h2>Neighbours of the key ${line.key}</h2>
    <div class="scroll" tabindex="0" role="group" aria-label="Neighbours">
      <table>
        <thead>
          <tr>
            <th scope="col">Stored</th>
            <th scope="col">Type</th>
            <th scope="col">State</th>
            <th scope="col">Payload</th>
          </tr>
        </thead>
        <tbody>
          ${neighbours.map(({ topic, partition, offset, at, type, state, data }) => {
            const itself = offset === line.offset
            return html`<tr key=${offset} class=${itself ? 'itself' : ''}>
              <td class="mono">${exactTime(at)}</td>
              <th scope="row">
                ${itself ? html`<strong>${type} (this one)</strong>` : html`<a href=${href(['event', topic, partition, offset])}>${type}</a>`}
              </th>
              <td><span class=${`tag ${kinds[state]}`}>${state}</span></td>
              <td class="cut"><code class="muted">${data === undefined ? '' : shortJson(data)}</code></td>
            </tr>`
          })}
        </tbody>
      </table>
    </div>
  </section>`
}
