/**
 * The last values of a plot as a table, for who cannot see the plot or wants the numbers.
 * @module
 */
import { useState } from 'preact/hooks'
import type { LiveSecond } from '../../../api/index.ts'
import { time } from '../../format.ts'
import { html, type VNode } from '../../html.ts'

export interface Column {
  readonly name: string
  readonly of: (second: LiveSecond) => string
}

interface Props {
  readonly caption: string
  readonly seconds: readonly LiveSecond[]
  readonly columns: readonly Column[]
}

export function LastValues({ caption, seconds, columns }: Props): VNode {
  const [open, setOpen] = useState(false)
  const shown = open ? seconds.slice(-10).toReversed() : []
  return html`<details onToggle=${(event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}>
    <summary>As a table</summary>
    <div class="scroll" tabindex=${open ? 0 : -1} role="group" aria-label=${`${caption}, table`}>
      <table>
        <caption>
          ${caption}, the last ten seconds
        </caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            ${columns.map(({ name }) => html`<th key=${name} scope="col" class="number">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (second) =>
              html`<tr key=${second.at}>
                <th scope="row">${time(second.at)}</th>
                ${columns.map(({ name, of }) => html`<td key=${name} class="number">${of(second)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`
}
