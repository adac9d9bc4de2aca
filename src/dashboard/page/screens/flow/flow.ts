/**
 * How events go: drawn from publishers to dead letters, with what flows now. A click narrows every screen to it.
 * @module
 */
import { useMemo, useState } from 'preact/hooks'
import type { LiveSecond } from '../../../api/index.ts'
import { useCell } from '../../cell.ts'
import { rate } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { secondsSeen } from '../../live.ts'
import { PauseDialog } from '../../parts/pause-dialog.ts'
import { href, useNarrowing } from '../../router.ts'
import { useSystem } from '../../system.ts'
import { FlowDetails } from './details.ts'
import { Drawing } from './drawing.ts'
import { graphOf, related } from './graph.ts'
import { layoutOf } from './layout.ts'

export function Flow(): VNode {
  const system = useSystem()
  const seconds = useCell(secondsSeen)
  const narrowing = useNarrowing()
  const [asked, setAsked] = useState<string | null>(null)
  const graph = useMemo(() => graphOf(system, seconds.slice(-60)), [system, seconds])
  const shape = graph.layers.map((layer) => layer.map(({ id }) => id).join()).join(';') + graph.edges.length
  const layout = useMemo(() => layoutOf(graph), [shape])
  const isNarrow = Object.values(narrowing).some((value) => value !== null)
  const seen = isNarrow ? related(graph, narrowing) : null
  const now = seconds.at(-1)
  return html`
    <div class="title">
      <h1 class="grow">Flow</h1>
      ${isNarrow && html`<a class="button" href=${href(['flow'], { stream: null, lane: null, subscription: null })}>Show all</a>`}
    </div>
    <p class="muted">Wider lines carry more. Choose a box to narrow every screen to it.</p>
    <section class="card flow-card" aria-label="Graph">
      <div class="scroll" tabindex="0" role="group" aria-label="Graph, scrolls sideways">
        <${Drawing} graph=${graph} layout=${layout} seen=${seen} now=${now} narrowing=${narrowing} />
      </div>
    </section>
    <${FlowDetails} now=${now} pause=${setAsked} />
    <${FlowTable} now=${now} />
    ${asked !== null && html`<${PauseDialog} name=${asked} now=${now?.subscriptions[asked]} close=${() => setAsked(null)} />`}
  `
}

/** The same in rows: for who cannot see the drawing. */
function FlowTable({ now }: { now: LiveSecond | undefined }): VNode {
  const { stream, lane, subscription } = useNarrowing()
  const rows = (now?.flows ?? []).filter(
    (flow) =>
      (stream === null || flow.stream === stream) &&
      (lane === null || flow.lane === lane) &&
      (subscription === null || flow.subscription === null || flow.subscription === subscription),
  )
  return html`<section class="card">
    <details>
      <summary>As a table</summary>
      <table>
        <caption>
          Events per second
        </caption>
        <thead>
          <tr>
            <th scope="col">Stream</th>
            <th scope="col">Lane</th>
            <th scope="col">To</th>
            <th scope="col" class="number">Rate</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (flow) =>
              html`<tr key=${`${flow.stream} ${flow.lane} ${flow.subscription}`}>
                <th scope="row">${flow.stream}</th>
                <td><${LaneTag} lane=${flow.lane} /></td>
                <td>${flow.subscription ?? 'published'}</td>
                <td class="number">${rate(flow.perSecond)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`
}
