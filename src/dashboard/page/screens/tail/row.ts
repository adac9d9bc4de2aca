/**
 * One event in one line.
 * @module
 */
import type { TailLine } from '../../../api/index.ts'
import { exactTime } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { LaneTag } from '../../lanes.ts'
import { shortJson } from '../../parts/json.ts'
import { href } from '../../router.ts'

export function TailRow({ line }: { line: TailLine }): VNode {
  const { topic, partition, offset, at, lane, type, key, data, cut } = line
  return html`<a class="tail-row" href=${href(['event', topic, partition, offset])}>
    <span class="muted mono">${exactTime(at)}</span>
    <${LaneTag} lane=${lane} />
    <strong>${type}</strong>
    <span class="key">${key}</span>
    <code class="muted">${data === undefined ? 'payload not shown' : `${shortJson(data)}${cut ? ' …' : ''}`}</code>
  </a>`
}
