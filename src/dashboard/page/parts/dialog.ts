/**
 * A real dialog: nothing behind it can be reached, Escape closes it, and the focus goes back to where it was.
 * @module
 */
import { useEffect, useId, useRef } from 'preact/hooks'
import { html, type ComponentChildren, type VNode } from '../html.ts'

export interface DialogProps {
  readonly title: string
  readonly close: () => void
  readonly children?: ComponentChildren
}

export function Dialog({ title, close, children }: DialogProps): VNode {
  const id = useId()
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    element.current!.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  const cancelled = (event: Event): void => {
    event.preventDefault()
    close()
  }
  return html`<dialog ref=${element} aria-labelledby=${id} onCancel=${cancelled}>
    <h2 id=${id}>${title}</h2>
    ${children}
  </dialog>`
}
