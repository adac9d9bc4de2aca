/**
 * Who did what to the letters of a subscription, and why.
 * @module
 */
import type { AuditView } from '../../../api/index.ts'
import { count, dateTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { Pending, useAsked } from '../../parts/asked.ts'
import { Empty } from '../../parts/empty.ts'
import { href } from '../../router.ts'
import { get } from '../../server.ts'
import { deadPath } from './chosen.ts'

export function Audit({ subscription }: { subscription: string }): VNode {
  const asked = useAsked(
    (signal) => get<AuditView[]>(`${deadPath(subscription)}/audit`, { limit: 200 }, signal),
    [subscription],
  )
  const entries = asked.value
  return html`<section class="card">
    <header>
      <h2 class="grow">Audit</h2>
      <button class="plain" onClick=${asked.again}>Refresh</button>
    </header>
    <${Pending} asked=${asked} what="the audit" />
    ${entries?.length === 0 && html`<${Empty} title="Nothing was done yet"><p>Redrives and discards are written down here, also those of the command line.</p><//>`}
    ${entries !== null && entries.length > 0 && html`<${AuditTable} entries=${entries} subscription=${subscription} />`}
  </section>`
}

export function AuditTable({ entries, subscription }: { entries: readonly AuditView[]; subscription: string }): VNode {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Audit">
    <table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">By</th>
          <th scope="col">What</th>
          <th scope="col">Letters</th>
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody>
        ${entries.map(
          ({ at, by, action, letters, reason }, index) =>
            html`<tr key=${`${at} ${index}`}>
              <td class="nowrap">${dateTime(at)}</td>
              <td>${by}</td>
              <th scope="row">${action}</th>
              <td>
                ${letters.length === 1 ? html`<a class="mono break" href=${href(['letter', subscription, letters[0]!])}>${letters[0]}</a>` : count(letters.length)}
              </td>
              <td class="break">${reason}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
