/**
 * Events as they are stored, the newest on top. Scrolling down holds the list still; what comes meanwhile waits above.
 * @module
 */
import { useEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import type { TailLine } from '../../../api/index.ts'
import { count } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { Empty } from '../../parts/empty.ts'
import { LongList } from '../../parts/long-list.ts'
import { say } from '../../parts/toasts.ts'
import { useNarrowing, useRoute } from '../../router.ts'
import { address } from '../../server.ts'
import { TailFilters } from './filters.ts'
import { TailFeed } from './feed.ts'
import { TailRow } from './row.ts'

export function Tail(): VNode {
  const { stream, lane } = useNarrowing()
  const { query } = useRoute()
  const type = query.get('type')
  const key = query.get('key')
  const filter = query.getAll('filter')
  const url = address('tail', { stream, lane, type, key, filter, last: 100 })
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const feed = useMemo(() => new TailFeed(url, () => redraw(0)), [url])
  useEffect(() => feed.start(), [feed])
  const list = useRef<HTMLDivElement>(null)
  const goOn = (): void => {
    list.current?.scrollTo({ top: 0 })
    feed.setHeld('scroll', false)
    feed.setHeld('button', false)
  }
  const copy = (): void => {
    navigator.clipboard.writeText(location.href).then(
      () => say('The address of this view is in the clipboard.'),
      () => say('The browser does not give the clipboard: copy the address from its bar.', true),
    )
  }
  const { held, link } = feed
  return html`
    <div class="title">
      <h1 class="grow">Live tail</h1>
      <span class="muted small" role="status"
        >${feed.skipped > 0 && `${count(feed.skipped)} left out: more came than anybody can read`}</span
      >
      <button onClick=${copy}>Copy link</button>
      <button aria-pressed=${held} onClick=${() => (held ? goOn() : feed.setHeld('button', true))}>
        ${held ? `Go on (${count(feed.waiting)} new)` : 'Hold'}
      </button>
    </div>
    <${TailFilters} problem=${link.state === 'refused' ? link.problem : feed.trouble} />
    ${
      feed.lines.length === 0
        ? html`<div class="card"><${Nothing} state=${link.state} filtered=${Boolean(type ?? key ?? filter[0])} /></div>`
        : html`<${LongList}
            label="Events, newest first"
            length=${feed.lines.length}
            rowHeight=${{ wide: 33, narrow: 57 }}
            place=${list}
            itemKey=${(index: number) => keyOf(feed.lines[index]!)}
            row=${(index: number) => html`<${TailRow} line=${feed.lines[index]!} />`}
            onScroll=${(top: number) => feed.setHeld('scroll', top > 4)}
          />`
    }
  `
}

function keyOf({ topic, partition, offset }: TailLine): string {
  return `${topic}/${partition}/${offset}`
}

function Nothing({ state, filtered }: { state: string; filtered: boolean }): VNode {
  if (state === 'refused')
    return html`<${Empty} title="Nothing to show"><p>The filter above was refused. Take it away or mend it.</p><//>`
  if (state === 'connecting') return html`<${Empty} title="Reading…" />`
  return html`<${Empty} title="No events yet">
    <p>
      ${filtered ? 'No event matched the filters so far. New ones come by themselves.' : 'As soon as something is published it is here. Try “Send”.'}
    </p>
  <//>`
}
