/**
 * The first thing seen: is what is urgent on time, what waits, what failed.
 * @module
 */
import { useMemo } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { html, type VNode } from '../../html.ts'
import { inLaneOrder } from '../../lanes.ts'
import { marks, secondsSeen } from '../../live.ts'
import { Empty } from '../../parts/empty.ts'
import { useNarrowing } from '../../router.ts'
import { useSystem } from '../../system.ts'
import { Gateway } from './gateway.ts'
import { LaneCards } from './lane-cards.ts'
import { AddMark, MarksList } from './marks.ts'
import type { Shown } from './shown.ts'
import { SubscriptionTable } from './subscriptions.ts'
import { ThroughputPlot } from './throughput.ts'
import { Trouble } from './trouble.ts'
import { WaitingPlot } from './waiting.ts'

export function Overview(): VNode {
  const seconds = useCell(secondsSeen)
  const { lane, stream } = useNarrowing()
  const { lanes: declared } = useSystem()
  const known = useMemo(
    () => inLaneOrder(new Set([...declared, ...Object.keys(seconds.at(-1)?.lanes ?? {})])),
    [declared, seconds],
  )
  const lanes = lane === null ? known : known.filter((each) => each === lane)
  const shown = { seconds, lanes }
  return html`
    <div class="title">
      <h1 class="grow">Overview</h1>
      <${AddMark} />
    </div>
    ${stream !== null && html`<p class="notice">Waiting times and throughput are counted by lane, over all streams.</p>`}
    ${
      seconds.length === 0
        ? html`<div class="card">
            <${Empty} title="No numbers yet"><p>They come once a second.</p><//>
          </div>`
        : html`<${Numbers} ...${shown} />`
    }
  `
}

function Numbers(shown: Shown): VNode {
  const happened = useCell(marks)
  return html`
    <${LaneCards} ...${shown} />
    <${Trouble} seconds=${shown.seconds} />
    <${WaitingPlot} ...${shown} marks=${happened} />
    <${ThroughputPlot} ...${shown} marks=${happened} />
    <${MarksList} />
    <div class="beside">
      <${SubscriptionTable} now=${shown.seconds.at(-1)} />
      <${Gateway} seconds=${shown.seconds} />
    </div>
  `
}
