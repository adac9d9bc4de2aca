/**
 * What was done, said once in a corner and to screen readers.
 * @module
 */
import { Cell, useCell } from '../cell.ts'
import { later } from '../clock.ts'
import { html, type ComponentChildren, type VNode } from '../html.ts'

interface Toast {
  readonly id: number
  readonly text: ComponentChildren
  readonly bad: boolean
}

const shown = new Cell<readonly Toast[]>([])
let last = 0

export function say(text: ComponentChildren, bad = false): void {
  const id = ++last
  shown.value = [...shown.value, { id, text, bad }].slice(-3)
  later(bad ? 12_000 : 6_000, () => {
    shown.value = shown.value.filter((toast) => toast.id !== id)
  })
}

export function Toasts(): VNode {
  const toasts = useCell(shown)
  return html`<div class="toasts" role="status">
    ${toasts.map(({ id, text, bad }) => html`<div key=${id} class=${bad ? 'bad' : ''}>${text}</div>`)}
  </div>`
}
