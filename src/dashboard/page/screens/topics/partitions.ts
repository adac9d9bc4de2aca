/**
 * The partitions of a topic, with what is wrong among their replicas.
 * @module
 */
import type { PartitionView, TopicView } from '../../../api/index.ts'
import { count } from '../../format.ts'
import { html, type VNode } from '../../html.ts'

/** Partitions without a leader, or with replicas that are behind. */
export function troubles({ partitions }: TopicView): readonly PartitionView[] {
  return partitions.filter((each) => troubleOf(each) !== null)
}

function troubleOf({ leader, replicas, inSync }: PartitionView): string | null {
  if (replicas === null) return null
  if (leader === null) return 'no leader'
  return inSync !== null && inSync.length < replicas.length ? `${replicas.length - inSync.length} behind` : null
}

export function Partitions({ topic: { name, partitions } }: { topic: TopicView }): VNode {
  const replicated = partitions.some(({ replicas }) => replicas !== null)
  return html`<table>
    <caption>
      Partitions of ${name}
    </caption>
    <thead>
      <tr>
        <th scope="col">Partition</th>
        <th scope="col" class="number">Earliest</th>
        <th scope="col" class="number">End</th>
        ${
          replicated &&
          html`<th scope="col">Leader</th>
            <th scope="col">Replicas</th>
            <th scope="col">In sync</th>
            <th scope="col">State</th>`
        }
      </tr>
    </thead>
    <tbody>
      ${partitions.map((each) => {
        const trouble = troubleOf(each)
        return html`<tr key=${each.partition}>
          <th scope="row">${each.partition}</th>
          <td class="number">${count(each.earliest)}</td>
          <td class="number">${count(each.end)}</td>
          ${
            replicated &&
            html`<td>${each.leader ?? 'none'}</td>
              <td>${each.replicas?.join(', ')}</td>
              <td>${each.inSync?.join(', ')}</td>
              <td>
                ${trouble === null ? html`<span class="tag good">in sync</span>` : html`<span class="tag bad">${trouble}</span>`}
              </td>`
          }
        </tr>`
      })}
    </tbody>
  </table>`
}
