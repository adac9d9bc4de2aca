/**
 * What the gateway answered within the last minute, by status code.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'
import { count } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { useSystem } from '../../system.ts'

export function Gateway({ seconds }: { seconds: readonly LiveSecond[] }): VNode {
  const { gateway } = useSystem()
  const totals = new Map<string, number>()
  for (const second of seconds.slice(-60)) {
    for (const [code, times] of Object.entries(second.gateway)) totals.set(code, (totals.get(code) ?? 0) + times)
  }
  const most = Math.max(1, ...totals.values())
  return html`<section class="card">
    <header>
      <h2 class="grow">Gateway</h2>
      <span class="muted small">answers of the last minute</span>
    </header>
    ${
      gateway === null
        ? html`<p class="muted">No gateway runs in this process. <code>veltrix gateway</code> starts one.</p>`
        : totals.size === 0
          ? html`<p class="muted">Nobody has asked <code class="break">${gateway}</code> within the last minute.</p>`
          : html`<table>
              <thead class="hidden">
                <tr>
                  <th scope="col">Status</th>
                  <th scope="col">Share</th>
                  <th scope="col">Answers</th>
                </tr>
              </thead>
              <tbody>
                ${[...totals].toSorted().map(
                  ([code, times]) =>
                    html`<tr key=${code}>
                      <th scope="row"><span class=${`tag ${kindOf(code)}`}>${code}</span></th>
                      <td class="wide">
                        <div class="bar"><span style=${{ width: `${(times / most) * 100}%` }}></span></div>
                      </td>
                      <td class="number">${count(times)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>`
    }
  </section>`
}

function kindOf(code: string): string {
  return code.startsWith('2') ? 'good' : code.startsWith('5') ? 'bad' : 'warn'
}
