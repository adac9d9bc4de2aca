/**
 * What an act would do, asked of the server before it is done.
 * @module
 */
import type { DryRun } from '../../../api/index.ts'
import { count, counted } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { Pending, type Asked } from '../../parts/asked.ts'

const words: Readonly<Record<string, string>> = {
  'would-redrive': 'will be redriven',
  'would-discard': 'will be discarded',
  follows: 'follow, in the order of their key',
  'already-redriving': 'are being redriven already',
  unknown: 'are not there any more',
  blocked: 'are blocked behind others',
}

/** Those that something would happen to. */
export function wouldBe(run: DryRun | null): number {
  return Object.entries(run?.outcomes ?? {}).reduce(
    (sum, [outcome, letters]) => (outcome.startsWith('would-') || outcome === 'follows' ? sum + letters : sum),
    0,
  )
}

export function DryRunView({ asked }: { asked: Asked<DryRun> }): VNode {
  const run = asked.value
  return html`<div aria-live="polite">
    <${Pending} asked=${asked} what="what would happen" />
    ${
      run !== null &&
      html`<div class="stack tight">
        <div class="outcome">
          <div><b>${count(run.total)}</b><span>chosen</span></div>
          ${Object.entries(run.outcomes).map(
            ([outcome, letters]) =>
              html`<div key=${outcome}>
                <b>${count(letters)}</b><span>${words[outcome] ?? outcome.replaceAll('-', ' ')}</span>
              </div>`,
          )}
        </div>
        ${
          run.refused.length > 0 &&
          html`<details>
            <summary>Why ${counted(run.refused.length, 'letter')} may not be touched</summary>
            <dl class="facts small">
              ${run.refused.map(({ id, why }) => [html`<dt class="mono">${id}</dt>`, html`<dd>${why}</dd>`])}
            </dl>
          </details>`
        }
      </div>`
    }
  </div>`
}
