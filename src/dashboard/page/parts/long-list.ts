/**
 * A list of any length of rows of one height: only those in sight are there. Arrow keys go along it.
 * @module
 */
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { html, type VNode } from '../html.ts'

interface Props {
  readonly label: string
  readonly length: number
  /** In pixels. */
  readonly rowHeight: { readonly wide: number; readonly narrow: number }
  readonly row: (index: number) => VNode
  readonly itemKey: (index: number) => string | number
  readonly place?: RefObject<HTMLDivElement>
  readonly onScroll?: (top: number) => void
  /** Rows in sight, whenever others are. */
  readonly onSeen?: (first: number, last: number) => void
}

const spare = 8
const narrow = matchMedia('(max-width: 720px)')

export function LongList({ label, length, rowHeight, row, itemKey, place, onScroll, onSeen }: Props): VNode {
  const own = useRef<HTMLDivElement>(null)
  const element = place ?? own
  const [top, setTop] = useState(0)
  const [isNarrow, setNarrow] = useState(narrow.matches)
  const [height, setHeight] = useState(600)
  const rowPx = isNarrow ? rowHeight.narrow : rowHeight.wide
  useEffect(() => {
    const changed = (): void => setNarrow(narrow.matches)
    narrow.addEventListener('change', changed)
    return () => narrow.removeEventListener('change', changed)
  }, [])
  useLayoutEffect(() => {
    const sized = new ResizeObserver(() => setHeight(element.current?.clientHeight ?? 600))
    sized.observe(element.current!)
    return () => sized.disconnect()
  }, [])
  const first = Math.max(0, Math.floor(top / rowPx) - spare)
  const last = Math.min(length, Math.ceil((top + height) / rowPx) + spare)
  useEffect(() => onSeen?.(first, last), [first, last, length])

  const scrolled = (): void => {
    const next = element.current!.scrollTop
    setTop(next)
    onScroll?.(next)
  }
  const pressed = (event: KeyboardEvent): void => {
    const step = steps[event.key]
    const item = (event.target as HTMLElement).closest<HTMLElement>('[aria-posinset]')
    if (step === undefined || item === null) return
    event.preventDefault()
    const from = Number(item.getAttribute('aria-posinset')) - 1
    const to = Math.max(0, Math.min(length - 1, step(from, length, Math.floor(height / rowPx))))
    bringIntoSight(element.current!, to, rowPx)
    setTop(element.current!.scrollTop)
    // It may have to be drawn first.
    requestAnimationFrame(() => focusRow(element.current, to))
  }
  return html`<div
    class="long-list"
    ref=${element}
    role="list"
    aria-label=${label}
    onScroll=${scrolled}
    onKeyDown=${pressed}
    tabindex="-1"
    style=${{ '--rows': `${length * rowPx + 2}px` }}
  >
    <div class="whole" role="presentation" style=${{ height: `${length * rowPx}px` }}>
      ${Array.from({ length: Math.max(0, last - first) }, (_, at) => {
        const index = first + at
        return html`<div
          key=${itemKey(index)}
          role="listitem"
          aria-setsize=${length}
          aria-posinset=${index + 1}
          style=${{ top: `${index * rowPx}px`, height: `${rowPx}px` }}
        >
          ${row(index)}
        </div>`
      })}
    </div>
  </div>`
}

const steps: Readonly<Record<string, (from: number, length: number, page: number) => number>> = {
  ArrowDown: (from) => from + 1,
  ArrowUp: (from) => from - 1,
  PageDown: (from, _, page) => from + page,
  PageUp: (from, _, page) => from - page,
  Home: () => 0,
  End: (_, length) => length - 1,
}

function bringIntoSight(list: HTMLElement, index: number, rowPx: number): void {
  const top = index * rowPx
  if (top < list.scrollTop) list.scrollTop = top
  else if (top + rowPx > list.scrollTop + list.clientHeight) list.scrollTop = top + rowPx - list.clientHeight
}

function focusRow(list: HTMLElement | null, index: number): void {
  list
    ?.querySelector<HTMLElement>(`[aria-posinset="${index + 1}"] a, [aria-posinset="${index + 1}"] button`)
    ?.focus({ preventScroll: true })
}
