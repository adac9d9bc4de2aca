/**
 * Groups and letters under the filters of the address, and what was chosen among them.
 * @module
 */
import { useMemo, useState } from 'preact/hooks'
import type { DeadGroup, DeadQuery } from '../../../api/index.ts'
import { count, counted } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { useAsked } from '../../parts/asked.ts'
import { go, hrefHere, useRoute } from '../../router.ts'
import { get, type Query } from '../../server.ts'
import { useSystem } from '../../system.ts'
import { deadPath, type Chosen } from './chosen.ts'
import { DiscardDialog } from './discard-dialog.ts'
import { LetterFilters } from './filters.ts'
import { Groups } from './groups.ts'
import { LetterList } from './letter-list.ts'
import { usePages } from './pages.ts'
import { RedriveDialog } from './redrive-dialog.ts'

export function Letters({ subscription }: { subscription: string }): VNode {
  const { query } = useRoute()
  const text = query.toString()
  const filter = useMemo(() => filterOf(query), [text])
  const { group: _, ...around } = filter
  const aroundText = JSON.stringify(around)
  const pages = usePages(subscription, filter)
  const groups = useAsked(
    (signal) => get<DeadGroup[]>(`${deadPath(subscription)}/groups`, around as Query, signal),
    [subscription, aroundText, pages.version],
  )
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const [dialog, setDialog] = useState<'redrive' | 'discard' | null>(null)
  const chosen = chosenOf(all, ids, filter, pages.total)
  const clear = (): void => {
    setIds(new Set())
    setAll(false)
  }
  const narrow = (change: Readonly<Record<string, string | null>>): void => {
    clear()
    go(hrefHere(change))
  }
  const toggle = (id: string): void => {
    const next = new Set(all ? [] : ids)
    if (!next.delete(id)) next.add(id)
    setAll(false)
    setIds(next)
  }
  const closed = (acted: boolean): void => {
    setDialog(null)
    if (!acted) return
    clear()
    pages.again()
  }
  return html`
    <${LetterFilters} filter=${filter} narrow=${narrow} />
    <div class="dead-columns">
      <${Groups} asked=${groups} chosen=${filter.group ?? null} choose=${(group: string | null) => narrow({ group })} />
      <section aria-label="Letters" class="dead-letters">
        <${Acts}
          chosen=${chosen}
          all=${all}
          total=${pages.total}
          chooseAll=${() => setAll(true)}
          clear=${clear}
          open=${setDialog}
          again=${pages.again}
        />
        <${LetterList}
          pages=${pages}
          subscription=${subscription}
          isChosen=${(id: string) => all || ids.has(id)}
          toggle=${toggle}
          isFiltered=${Object.keys(filter).length > 0}
        />
      </section>
    </div>
    ${dialog === 'redrive' && html`<${RedriveDialog} subscription=${subscription} chosen=${chosen} close=${closed} />`}
    ${dialog === 'discard' && html`<${DiscardDialog} subscription=${subscription} chosen=${chosen} close=${closed} />`}
  `
}

const texts = ['group', 'type', 'key', 'reason', 'error'] as const

function filterOf(query: URLSearchParams): DeadQuery {
  const filter: Record<string, string | number> = {}
  for (const name of texts) if (query.get(name)) filter[name] = query.get(name)!
  const kind = query.get('kind')
  if (kind === 'dead' || kind === 'parked') filter['kind'] = kind
  for (const name of ['since', 'until'] as const)
    if (Number(query.get(name)) > 0) filter[name] = Number(query.get(name))
  return filter
}

/** Everything is said on purpose: an empty filter is not a selection. */
function chosenOf(all: boolean, ids: ReadonlySet<string>, filter: DeadQuery, total: number | null): Chosen | null {
  if (!all) return ids.size === 0 ? null : { selection: { ids: [...ids] }, count: ids.size }
  return { selection: Object.keys(filter).length === 0 ? { all: true } : { filter }, count: total ?? 0 }
}

interface ActsProps {
  readonly chosen: Chosen | null
  readonly all: boolean
  readonly total: number | null
  readonly chooseAll: () => void
  readonly clear: () => void
  readonly open: (dialog: 'redrive' | 'discard') => void
  readonly again: () => void
}

function Acts({ chosen, total, all, chooseAll, clear, open, again }: ActsProps): VNode {
  const { rights, readOnly } = useSystem()
  const may = rights.redrive && !readOnly
  return html`<div class="row acts">
    <span class="grow" role="status">
      ${chosen === null ? (total === null ? 'Counting…' : counted(total, 'letter')) : `${counted(chosen.count, 'letter')} chosen${all ? ': all that match' : ''}`}
    </span>
    <button class="plain" onClick=${again}>Refresh</button>
    ${
      may &&
      html`
        ${
          chosen === null
            ? html`<button disabled=${!total} onClick=${chooseAll}>Choose all ${total ? count(total) : ''}</button>`
            : html`<button onClick=${clear}>Choose none</button>`
        }
        <button class="primary" disabled=${chosen === null} onClick=${() => open('redrive')}>Redrive…</button>
        <button disabled=${chosen === null} onClick=${() => open('discard')}>Discard…</button>
      `
    }
  </div>`
}
