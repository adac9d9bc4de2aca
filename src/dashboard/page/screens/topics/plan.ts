/**
 * What `veltrix plan` would say: how the log differs from the typed file.
 * @module
 */
import type { PlanView } from '../../../api/index.ts'
import { html, type VNode } from '../../html.ts'
import { Pending, useAsked } from '../../parts/asked.ts'
import { get } from '../../server.ts'

const kinds = { safe: 'good', risky: 'warn', refused: 'bad' } as const

export function Plan(): VNode {
  const asked = useAsked((signal) => get<PlanView>('plan', {}, signal), [])
  const plan = asked.value
  return html`<section class="card">
    <header>
      <h2 class="grow">Plan</h2>
      <span class="muted small">the typed file against the log</span>
    </header>
    <${Pending} asked=${asked} what="the plan" />
    ${
      plan !== null &&
      (plan.error !== null
        ? html`<p class="notice careful">${plan.error}</p>`
        : plan.clean
          ? html`<p><span class="tag good">nothing differs</span></p>`
          : html`<ul class="stack tight">
                ${plan.steps.map(({ kind, text }) => html`<li key=${text} class="row"><span class=${`tag ${kinds[kind]}`}>${kind}</span><span class="break">${text}</span></li>`)}
              </ul>
              <p class="muted"><code>veltrix apply</code> carries it out.</p>`)
    }
  </section>`
}
