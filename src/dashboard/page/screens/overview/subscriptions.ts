/**
 * Subscriptions: how much each does, what it is behind, and the switch that pauses it.
 * @module
 */
import { useState } from 'preact/hooks'
import type { LiveSecond, SubscriptionSecond, SubscriptionView } from '../../../api/index.ts'
import { count, counted, rate, seconds } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { PauseDialog } from '../../parts/pause-dialog.ts'
import { href, useNarrowing } from '../../router.ts'
import { useSystem } from '../../system.ts'

export function SubscriptionTable({ now }: { now: LiveSecond | undefined }): VNode {
  const { subscriptions, inProcess, rights, readOnly } = useSystem()
  const { subscription, stream } = useNarrowing()
  const [asked, setAsked] = useState<string | null>(null)
  const pauses = inProcess && rights.pause && !readOnly
  const shown = subscriptions.filter(
    ({ name, streams }) =>
      (subscription === null || name === subscription) && (stream === null || streams.includes(stream)),
  )
  return html`<section class="card">
    <h2>Subscriptions</h2>
    <div class="scroll" tabindex="0" role="group" aria-label="Subscriptions">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            ${['Handled', 'Running', 'Retries', 'Waiting keys', 'Lag', 'Dead letters'].map((name) => html`<th key=${name} scope="col" class="number">${name}</th>`)}
            ${pauses && html`<th scope="col"><span class="hidden">Act</span></th>`}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (view) =>
              html`<${Row}
                key=${view.name}
                view=${view}
                now=${now?.subscriptions[view.name]}
                ask=${pauses ? () => setAsked(view.name) : null}
              />`,
          )}
        </tbody>
      </table>
    </div>
    ${asked !== null && html`<${PauseDialog} name=${asked} now=${now?.subscriptions[asked]} close=${() => setAsked(null)} />`}
  </section>`
}

interface RowProps {
  readonly view: SubscriptionView
  readonly now: SubscriptionSecond | undefined
  readonly ask: (() => void) | null
}

function Row({ view: { name }, now, ask }: RowProps): VNode {
  const letters = now?.deadLetters ?? null
  return html`<tr>
    <th scope="row"><a href=${href(['flow'], { subscription: name })}>${name}</a></th>
    <td><${State} now=${now} /></td>
    <td class="number">${rate(now?.handled)}</td>
    <td class="number">${count(now?.running)}</td>
    <td class="number">${rate(now?.retries)}</td>
    <td class="number">${count(now?.waitingKeys)}</td>
    <td class="number">${count(now?.lag)} <span class="muted">${seconds(now?.lagSeconds)}</span></td>
    <td class="number"><a href=${href(['dead', name])} class=${letters ? 'bad' : ''}>${count(letters)}</a></td>
    ${ask && html`<td class="number"><button aria-label=${`${now?.paused ? 'Resume' : 'Pause'} ${name}`} onClick=${ask}>${now?.paused ? 'Resume…' : 'Pause…'}</button></td>`}
  </tr>`
}

function State({ now }: { now: SubscriptionSecond | undefined }): VNode {
  if (now === undefined) return html`<span class="tag">not seen yet</span>`
  if (now.paused) return html`<span class="tag warn">paused</span>`
  if (now.breaker === 'open') return html`<span class="tag bad">breaker open</span>`
  if (now.breaker === 'half-open') return html`<span class="tag warn">breaker tries</span>`
  if (now.parkedKeys) return html`<span class="tag warn">${counted(now.parkedKeys, 'key')} parked</span>`
  return html`<span class="tag good">running</span>`
}
