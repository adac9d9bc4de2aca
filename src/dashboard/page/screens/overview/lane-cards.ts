/**
 * A card for each lane: how long its events wait now, and whether they arrive.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'
import { count, duration, rate, seconds as inSeconds, share } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { laneIndex, LaneTag } from '../../lanes.ts'
import { href } from '../../router.ts'
import { useSystem } from '../../system.ts'
import type { Shown } from './shown.ts'

export function LaneCards({ seconds, lanes }: Shown): VNode {
  return html`<section class="columns" aria-label="Lanes now">
    ${lanes.map((lane) => html`<${LaneCard} key=${lane} lane=${lane} seconds=${seconds} />`)}
  </section>`
}

function LaneCard({ lane, seconds }: { lane: string; seconds: readonly LiveSecond[] }): VNode {
  const now = seconds.at(-1)?.lanes[lane]
  const waiting = lastWaiting(seconds, lane)
  const { inProcess } = useSystem()
  const delivered = now?.deliveryRate ?? null
  return html`<article class=${`card lane-card lane-${laneIndex(lane)}`}>
    <h2>
      <a href=${href(['overview'], { lane })} aria-label=${`Only the lane ${lane}`}><${LaneTag} lane=${lane} /></a>
    </h2>
    <p class="big">
      ${duration(waiting?.p99Ms)}
      <span>${inProcess ? 'waiting time, p99' : 'waiting time is known only in the process of the application'}</span>
    </p>
    <dl>
      <div>
        <dt>p50</dt>
        <dd>${duration(waiting?.p50Ms)}</dd>
      </div>
      <div>
        <dt>Handled</dt>
        <dd>${rate(now?.handled)}</dd>
      </div>
      <div>
        <dt>Published</dt>
        <dd>${rate(now?.published)}</dd>
      </div>
      <div>
        <dt>Lag</dt>
        <dd>${inSeconds(now?.lagSeconds)} <span class="muted">${count(now?.lag)} events</span></dd>
      </div>
      <div>
        <dt>Delivered</dt>
        <dd class=${delivered !== null && delivered < 1 ? 'bad' : ''}>${share(delivered)}</dd>
      </div>
      <div>
        <dt>Retries</dt>
        <dd>${rate(now?.retries)}</dd>
      </div>
    </dl>
  </article>`
}

/** In a second without an event there is no waiting time: the last one of a few seconds stands. */
function lastWaiting(seconds: readonly LiveSecond[], lane: string): LiveSecond['lanes'][string] | undefined {
  return seconds
    .slice(-5)
    .toReversed()
    .map(({ lanes }) => lanes[lane])
    .find((each) => (each?.p99Ms ?? null) !== null)
}
