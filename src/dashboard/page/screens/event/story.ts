/**
 * What became of an event, step by step, with the time between.
 * @module
 */
import type { StoryStep } from '../../../api/index.ts'
import { duration, exactTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'

const bad = new Set<StoryStep['step']>(['failed', 'dead', 'parked', 'discarded'])

export function Story({ steps }: { steps: readonly StoryStep[] }): VNode {
  if (steps.length === 0) return html`<p class="muted">Nothing is known of it beyond that it is stored.</p>`
  return html`<ol class="story">
    ${steps.map(({ at, step, subscription, attempt, text }, index) => {
      const before = steps.slice(0, index).findLast((each) => each.at !== null)?.at ?? null
      return html`<li
        key=${index}
        class=${bad.has(step) ? 'bad-step' : step === 'done' || step === 'redriven' ? 'good-step' : ''}
      >
        <div class="row">
          <strong>${step}</strong>
          ${subscription !== null && html`<span class="tag">${subscription}</span>`}
          ${attempt !== null && html`<span class="muted small">attempt ${attempt}</span>`}
        </div>
        <div class="break">${text}</div>
        ${at !== null && html`<div class="muted small">${exactTime(at)}${before !== null && at >= before ? `, after ${duration(at - before)}` : ''}</div>`}
      </li>`
    })}
  </ol>`
}
