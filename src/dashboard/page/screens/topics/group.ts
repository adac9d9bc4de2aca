/**
 * A group: who is in it, and how far each partition is behind.
 * @module
 */
import type { GroupView } from '../../../api/index.ts'
import { count, seconds } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { Unfolding } from './unfolding.ts'

export function Group({ group }: { group: GroupView }): VNode {
  const lag = group.partitions.reduce((sum, each) => sum + each.lag, 0)
  const known = group.partitions.flatMap(({ lagSeconds }) => lagSeconds ?? [])
  return html`<${Unfolding} title=${group.group} columns=${5} inner=${() => html`<${Members} group=${group} />`}>
    <td>${group.subscription ?? html`<span class="muted">not of this application</span>`}</td>
    <td class=${`number ${group.members.length === 0 ? 'problem' : ''}`}>
      ${group.members.length === 0 ? 'nobody' : count(group.members.length)}
    </td>
    <td class="number">${count(lag)}</td>
    <td class="number">${known.length === 0 ? '–' : seconds(Math.max(...known))}</td>
  <//>`
}

function Members({ group: { group, members, partitions } }: { group: GroupView }): VNode {
  return html`<div class="stack">
    <ul class="row">
      ${members.map(({ clientId, partitions }, index) => html`<li key=${index} class="tag">${clientId} · ${count(partitions)} partitions</li>`)}
    </ul>
    <table>
      <caption>
        Partitions of ${group}
      </caption>
      <thead>
        <tr>
          <th scope="col">Topic</th>
          <th scope="col" class="number">Partition</th>
          <th scope="col" class="number">Committed</th>
          <th scope="col" class="number">Lag</th>
          <th scope="col" class="number">Lag in time</th>
          <th scope="col">Member</th>
        </tr>
      </thead>
      <tbody>
        ${partitions.map(
          ({ topic, partition, committed, lag, lagSeconds, member }) =>
            html`<tr key=${`${topic} ${partition}`}>
              <th scope="row">${topic}</th>
              <td class="number">${partition}</td>
              <td class="number">${count(committed)}</td>
              <td class="number">${count(lag)}</td>
              <td class="number">${seconds(lagSeconds)}</td>
              <td>${member ?? html`<span class="bad">nobody</span>`}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
