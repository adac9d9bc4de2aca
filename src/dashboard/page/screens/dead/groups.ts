/**
 * Errors that look alike, the most frequent first: usually a hundred thousand letters are a handful of causes.
 * @module
 */
import type { DeadGroup } from '../../../api/index.ts'
import { now } from '../../clock.ts'
import { ago, count, counted } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { Pending, type Asked } from '../../parts/asked.ts'
import { reasonInWords } from './reasons.ts'

interface Props {
  readonly asked: Asked<DeadGroup[]>
  readonly chosen: string | null
  readonly choose: (group: string | null) => void
}

export function Groups({ asked, chosen, choose }: Props): VNode {
  const groups = asked.value ?? []
  const most = groups[0]?.count ?? 1
  return html`<section class="groups" aria-label="Groups by error">
    <${Pending} asked=${asked} what="groups" />
    <ul class="stack tight">
      ${groups.map(({ group, errorName, pattern, reason, count: letters, keys, lastAt }) => {
        const isChosen = group === chosen
        return html`<li key=${group}>
          <button class="group" aria-pressed=${isChosen} onClick=${() => choose(isChosen ? null : group)}>
            <span class="row"
              ><strong class="grow">${errorName ?? reasonInWords(reason)}</strong><span>${count(letters)}</span></span
            >
            <span class="pattern">${pattern}</span>
            <span class="bar"><span style=${{ width: `${Math.max(1, (letters / most) * 100)}%` }}></span></span>
            <span class="muted small">${counted(keys, 'key')}, last ${ago(lastAt, now())}</span>
          </button>
        </li>`
      })}
    </ul>
  </section>`
}
