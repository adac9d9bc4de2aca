/**
 * A row of a table that unfolds into more.
 * @module
 */
import { useId, useState } from 'preact/hooks'
import { html, type ComponentChildren, type VNode } from '../../html.ts'

interface Props {
  readonly title: string
  readonly columns: number
  readonly inner: () => VNode
  readonly children?: ComponentChildren
}

export function Unfolding({ title, columns, inner, children }: Props): VNode {
  const [open, setOpen] = useState(false)
  const id = useId()
  return html`<tbody>
    <tr>
      <th scope="row">
        <button class="plain fold" aria-expanded=${open} aria-controls=${id} onClick=${() => setOpen(!open)}>
          ${title}
        </button>
      </th>
      ${children}
    </tr>
    ${
      open &&
      html`<tr id=${id} class="inner">
        <td colspan=${columns}>${inner()}</td>
      </tr>`
    }
  </tbody>`
}
