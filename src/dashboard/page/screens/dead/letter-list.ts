/**
 * Letters in rows, as many as there are.
 * @module
 */
import type { DeadLine } from '../../../api/index.ts'
import { count, counted, dateTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { Empty } from '../../parts/empty.ts'
import { LongList } from '../../parts/long-list.ts'
import { href } from '../../router.ts'
import { useSystem } from '../../system.ts'
import type { Pages } from './pages.ts'
import { reasonInWords } from './reasons.ts'

interface Props {
  readonly pages: Pages
  readonly subscription: string
  readonly isFiltered: boolean
  readonly isChosen: (id: string) => boolean
  readonly toggle: (id: string) => void
}

export function LetterList({ pages, subscription, isFiltered, isChosen, toggle }: Props): VNode {
  const { rights, readOnly } = useSystem()
  const { lines, total, problem } = pages
  if (problem !== null)
    return html`<div class="notice problem row" role="alert">
      <span>${problem}</span><button onClick=${pages.again}>Try again</button>
    </div>`
  if (total === null) return html`<p class="loading">Loading letters…</p>`
  if (total === 0) {
    return html`<div class="card">
      ${
        isFiltered
          ? html`<${Empty} title="No letter matches"><p>Take a filter away to see more.</p><//>`
          : html`<${Empty} title="No dead letters"
              ><p>Everything that ${subscription} took was handled, or is still being tried.</p><//
            >`
      }
    </div>`
  }
  const chooses = rights.redrive && !readOnly
  return html`<${LongList}
    label=${`Dead letters of ${subscription}`}
    length=${total}
    rowHeight=${{ wide: 57, narrow: 81 }}
    itemKey=${(index: number) => lines[index]?.id ?? index}
    onSeen=${(_: number, last: number) => pages.want(Math.min(last, total) - 1)}
    row=${(index: number) => {
      const line = lines[index]
      if (line === undefined) return html`<span class="letter-row muted">Loading…</span>`
      return html`<${Row}
        line=${line}
        subscription=${subscription}
        chosen=${isChosen(line.id)}
        toggle=${chooses ? toggle : null}
      />`
    }}
  />`
}

interface RowProps {
  readonly line: DeadLine
  readonly subscription: string
  readonly chosen: boolean
  readonly toggle: ((id: string) => void) | null
}

function Row({ line, subscription, chosen, toggle }: RowProps): VNode {
  const { id, key, type, lane, errorName, errorMessage, deadAt, attempts, kind, status, followers } = line
  return html`<div class=${`letter-row ${chosen ? 'chosen' : ''}`}>
    ${
      toggle !== null &&
      html`<input
        type="checkbox"
        checked=${chosen}
        onChange=${() => toggle(id)}
        aria-label=${`Choose ${type} of ${key}`}
      />`
    }
    <a href=${href(['letter', subscription, id])}>
      <span class="first">
        <strong>${type}</strong><span>${key}</span><${LaneTag} lane=${lane} />
        ${status === 'redriving' ? html`<span class="tag">redriving</span>` : kind === 'parked' ? html`<span class="tag warn">parked</span>` : null}
        ${followers > 0 && html`<span class="tag warn">${count(followers)} wait behind it</span>`}
      </span>
      <span class="second"><span class="bad">${errorName}</span> ${errorMessage ?? reasonInWords(line.reason)}</span>
      <span class="third muted"
        >${dateTime(deadAt)}${attempts > 0 && html`<span class="comma">, </span><br />${counted(attempts, 'attempt')}`}</span
      >
    </a>
  </div>`
}
