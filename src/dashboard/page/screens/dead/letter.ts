/**
 * One dead letter: what it is, why it failed, what was done, and what can be done.
 * @module
 */
import { useState } from 'preact/hooks'
import type { DeadLine, LetterView } from '../../../api/index.ts'
import { count, dateTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { Pending, useAsked } from '../../parts/asked.ts'
import { href, useRoute } from '../../router.ts'
import { get } from '../../server.ts'
import { useSystem } from '../../system.ts'
import { EventContent } from '../event/content.ts'
import { Story } from '../event/story.ts'
import { AuditTable } from './audit.ts'
import { deadPath } from './chosen.ts'
import { DiscardDialog } from './discard-dialog.ts'
import { RedriveDialog } from './redrive-dialog.ts'
import { ReplaceDialog } from './replace-dialog.ts'

type Act = 'redrive' | 'discard' | 'replace'

export function Letter(): VNode {
  const { path } = useRoute()
  const [, subscription = '', id = ''] = path
  const [act, setAct] = useState<Act | null>(null)
  const asked = useAsked(
    (signal) => get<LetterView>(`${deadPath(subscription)}/letters/${encodeURIComponent(id)}`, {}, signal),
    [subscription, id],
  )
  const view = asked.value
  const closed = (acted: boolean): void => {
    setAct(null)
    if (acted) asked.again()
  }
  const chosen = { selection: { ids: [id] }, count: 1 }
  return html`
    <p><a href=${href(['dead', subscription])}>Dead letters of ${subscription}</a></p>
    <div class="title">
      <h1 class="grow break">${view === null ? 'Dead letter' : `${view.letter.type} of ${view.letter.key}`}</h1>
      ${view !== null && html`<${Acts} view=${view} open=${setAct} />`}
    </div>
    <${Pending} asked=${asked} what="the letter" />
    ${view !== null && html`<${Loaded} view=${view} subscription=${subscription} />`}
    ${act === 'redrive' && html`<${RedriveDialog} subscription=${subscription} chosen=${chosen} close=${closed} />`}
    ${act === 'discard' && html`<${DiscardDialog} subscription=${subscription} chosen=${chosen} close=${closed} />`}
    ${act === 'replace' && view !== null && html`<${ReplaceDialog} subscription=${subscription} view=${view} close=${closed} />`}
  `
}

function Acts({ view, open }: { view: LetterView; open: (act: Act) => void }): VNode | null {
  const { rights, readOnly } = useSystem()
  if (readOnly || !rights.redrive) return null
  const busy = view.letter.status === 'redriving'
  return html`
    <button class="primary" disabled=${busy} onClick=${() => open('redrive')}>Redrive…</button>
    ${rights.publish && view.event.event !== null && html`<button disabled=${busy} onClick=${() => open('replace')}>Edit a copy…</button>`}
    <button disabled=${busy} onClick=${() => open('discard')}>Discard…</button>
  `
}

function Loaded({ view, subscription }: { view: LetterView; subscription: string }): VNode {
  const { letter, event, errorStack, causes, behind, followers, audit } = view
  return html`
    <section class="card stack tight">
      <h2><span class="bad">${letter.errorName ?? letter.reason}</span></h2>
      <p class="break">${letter.errorMessage}</p>
      ${causes.map((cause, index) => html`<p key=${index} class="break muted">caused by ${cause}</p>`)}
      ${
        errorStack !== null &&
        html`<details>
          <summary>Stack</summary>
          <pre class="text" tabindex="0" role="group" aria-label="Stack">${errorStack}</pre>
        </details>`
      }
      <dl class="facts">
        <dt>State</dt>
        <dd><span class="tag">${letter.status}</span>, ${letter.reason}</dd>
        <dt>Dead since</dt>
        <dd>${dateTime(letter.deadAt)}, after ${count(letter.attempts)} attempts</dd>
        <dt>Lane</dt>
        <dd><${LaneTag} lane=${letter.lane} /></dd>
        <dt>Event</dt>
        <dd>
          <a href=${href(['event', event.line.topic, event.line.partition, event.line.offset])}>${letter.eventId}</a>
        </dd>
        ${
          behind !== null &&
          html`<dt>Waits behind</dt>
            <dd>
              <a href=${href(['letter', subscription, behind.id])}
                >${behind.type}: ${behind.errorName ?? behind.reason}</a
              >
            </dd>`
        }
      </dl>
    </section>
    <div class="event-columns letter-columns">
      <section class="card">
        <h2 class="hidden">Content</h2>
        <${EventContent} view=${event} />
      </section>
      <section class="card">
        <h2>Story</h2>
        <${Story} steps=${event.story} />
      </section>
    </div>
    ${followers.length > 0 && html`<${Followers} followers=${followers} subscription=${subscription} />`}
    ${
      audit.length > 0 &&
      html`<section class="card">
        <h2>What was done</h2>
        <${AuditTable} entries=${audit} subscription=${subscription} />
      </section>`
    }
  `
}

function Followers({ followers, subscription }: { followers: readonly DeadLine[]; subscription: string }): VNode {
  return html`<section class="card">
    <h2>${count(followers.length)} wait behind it</h2>
    <p class="muted">The key is parked. When this one is redriven or discarded, they go on in this order.</p>
    <ol class="stack tight">
      ${followers.map(({ id, type, deadAt }) => html`<li key=${id}><a href=${href(['letter', subscription, id])}>${type}</a> <span class="muted">${dateTime(deadAt)}</span></li>`)}
    </ol>
  </section>`
}
