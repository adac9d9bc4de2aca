/**
 * Redrives of this server: how far each is, and the button that stops it.
 * @module
 */
import { useEffect } from 'preact/hooks'
import type { Redrive } from '../../../api/index.ts'
import { every } from '../../clock.ts'
import { count, dateTime, duration } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { Pending, useAsked } from '../../parts/asked.ts'
import { Empty } from '../../parts/empty.ts'
import { say } from '../../parts/toasts.ts'
import { get, post, said } from '../../server.ts'
import { useSystem } from '../../system.ts'

const kinds = { running: '', done: 'good', stopped: 'warn', failed: 'bad' } as const

export function Redrives({ subscription }: { subscription: string }): VNode {
  const asked = useAsked((signal) => get<Redrive[]>('redrives', {}, signal), [subscription])
  const own = asked.value?.filter((each) => each.subscription === subscription) ?? null
  const runs =
    own?.some(
      ({ state, requested, redriven, failedAgain }) => state === 'running' || redriven + failedAgain < requested,
    ) ?? false
  useEffect(() => (runs ? every(1000, asked.again) : undefined), [runs])
  return html`<section class="stack" aria-label="Redrives">
    <${Pending} asked=${asked} what="redrives" />
    ${
      own?.length === 0 &&
      html`<div class="card">
        <${Empty} title="No redrives"
          ><p>
            Choose letters and redrive them: how it goes is seen here. Those of earlier starts are in the audit.
          </p><//
        >
      </div>`
    }
    ${own?.map((redrive) => html`<${Progress} key=${redrive.id} redrive=${redrive} again=${asked.again} />`)}
  </section>`
}

function Progress({ redrive, again }: { redrive: Redrive; again: () => void }): VNode {
  const { rights, readOnly } = useSystem()
  const { id, state, total, toRequest, requested, redriven, failedAgain, rate, by, startedAt, endedAt, error } = redrive
  const stop = async (): Promise<void> => {
    try {
      await post(`redrives/${encodeURIComponent(id)}/stop`)
    } catch (problem) {
      say(said(problem), true)
    }
    again()
  }
  return html`<article class="card stack tight">
    <header class="row">
      <h2 class="grow">${count(total)} letters, ${count(rate)}/s</h2>
      <span class=${`tag ${kinds[state]}`}>${state}</span>
      ${state === 'running' && rights.redrive && !readOnly && html`<button onClick=${() => void stop()}>Stop</button>`}
    </header>
    <progress max=${Math.max(toRequest, 1)} value=${requested} aria-label="Requested"></progress>
    <div class="outcome">
      <div>
        <b>${count(requested)}</b
        ><span>of ${count(toRequest)} requested${toRequest < total ? '; the others follow them' : ''}</span>
      </div>
      <div><b class="good">${count(redriven)}</b><span>handled</span></div>
      <div><b class=${failedAgain > 0 ? 'bad' : ''}>${count(failedAgain)}</b><span>failed again</span></div>
    </div>
    ${error !== null && html`<p class="notice problem">${error}</p>`}
    <p class="muted small">
      By ${by}, ${dateTime(startedAt)}${endedAt === null ? '' : `, took ${duration(endedAt - startedAt)}`}
    </p>
  </article>`
}
