/**
 * What was chosen in the graph: its types and routes, its settings, and where to go from here.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'
import { count, rate, seconds } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { href, useNarrowing } from '../../router.ts'
import { useSystem } from '../../system.ts'

interface Props {
  readonly now: LiveSecond | undefined
  readonly pause: (subscription: string) => void
}

export function FlowDetails(props: Props): VNode | null {
  const { stream, subscription } = useNarrowing()
  if (stream === null && subscription === null) return null
  return html`<div class="columns details-below">
    ${stream !== null && html`<${StreamDetails} name=${stream} />`}
    ${subscription !== null && html`<${SubscriptionDetails} name=${subscription} ...${props} />`}
  </div>`
}

function StreamDetails({ name }: { name: string }): VNode {
  const { streams, subscriptions } = useSystem()
  const stream = streams.find((each) => each.name === name)
  if (stream === undefined) return html`<section class="card"><p>There is no stream ${name}.</p></section>`
  return html`<section class="card">
    <h2>Stream ${name}</h2>
    <dl class="facts">
      <dt>Key</dt>
      <dd>${stream.key ?? 'taken by a function'}</dd>
      <dt>Partitions</dt>
      <dd>${count(stream.partitions)} for each lane</dd>
    </dl>
    <div class="scroll" tabindex="0" role="group" aria-label=${`Types of ${name}`}>
      <table>
        <caption>
          Types, the lane each goes to, and who takes it
        </caption>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Lane</th>
            <th scope="col">Taken by</th>
          </tr>
        </thead>
        <tbody>
          ${stream.types.map(
            ({ type, lane }) =>
              html`<tr key=${type}>
                <th scope="row">${type}</th>
                <td><${LaneTag} lane=${lane} /></td>
                <td>
                  ${
                    subscriptions
                      .filter(({ types }) => types.includes(type))
                      .map((each) => each.name)
                      .join(', ') || 'nobody'
                  }
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p><a href=${href(['tail'], { stream: name })}>Watch its events</a></p>
  </section>`
}

function SubscriptionDetails({ name, now, pause }: Props & { name: string }): VNode {
  const { subscriptions, inProcess, rights, readOnly } = useSystem()
  const view = subscriptions.find((each) => each.name === name)
  if (view === undefined) return html`<section class="card"><p>There is no subscription ${name}.</p></section>`
  const state = now?.subscriptions[name]
  return html`<section class="card">
    <h2>Subscription ${name}</h2>
    <dl class="facts">
      <dt>Takes</dt>
      <dd>${view.types.join(', ')}</dd>
      <dt>Handles</dt>
      <dd>${rate(state?.handled)}, ${count(state?.running)} running of at most ${count(view.concurrency)}</dd>
      <dt>Lag</dt>
      <dd>${count(state?.lag)} events, ${seconds(state?.lagSeconds)}</dd>
      <dt>Attempts</dt>
      <dd>
        ${count(view.attempts)}; then ${view.onDeadLetter === 'park-key' ? 'the key is parked' : 'the key goes on'}
      </dd>
      <dt>Dead letters</dt>
      <dd><a href=${href(['dead', name])}>${count(state?.deadLetters)}</a></dd>
    </dl>
    ${inProcess && rights.pause && !readOnly && html`<p><button onClick=${() => pause(name)}>${state?.paused ? 'Resume…' : 'Pause…'}</button></p>`}
  </section>`
}
