/**
 * An empty place says what is not there, and what to do.
 * @module
 */
import { html, type ComponentChildren, type VNode } from '../html.ts'

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): VNode {
  return html`<div class="empty"><strong>${title}</strong>${children}</div>`
}
