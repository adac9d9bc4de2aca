/**
 * The graph as a drawing. Boxes are links: they are reached by Tab, and where they lead can be sent to somebody.
 * @module
 */
import type { LiveSecond } from '../../../api/index.ts'
import { counted, duration, rate, seconds } from '../../format.ts'
import { html, type VNode } from '../../html.ts'
import { laneIndex } from '../../lanes.ts'
import { href, type Narrowing } from '../../router.ts'
import { useSystem } from '../../system.ts'
import type { Graph, GraphEdge, GraphNode } from './graph.ts'
import { nodeHeight, nodeWidth, type Layout, type Placed } from './layout.ts'

interface Props {
  readonly graph: Graph
  readonly layout: Layout
  /** What is not among them steps back; null: everything is. */
  readonly seen: ReadonlySet<string> | null
  readonly now: LiveSecond | undefined
  readonly narrowing: Narrowing
}

export function Drawing({ graph, layout, seen, now, narrowing }: Props): VNode {
  const { width, height, nodes } = layout
  return html`<svg
    class="flow"
    viewBox=${`0 -28 ${width} ${height + 28}`}
    width=${width}
    height=${height + 28}
    role="group"
    aria-label="Graph of the flow"
  >
    ${['Published', 'Streams and lanes', 'Subscriptions', 'Dead letters'].map(
      (title, column) =>
        html`<text key=${title} class="column" x=${column * ((width - 16 + 104) / 4) + 8} y="-10">${title}</text>`,
    )}
    ${graph.edges.map((edge) => html`<${Edge} key=${`${edge.from}>${edge.to}`} edge=${edge} nodes=${nodes} faint=${seen !== null && !(seen.has(edge.from) && seen.has(edge.to))} />`)}
    ${graph.layers.flat().map((node) => {
      const placed = nodes.get(node.id)
      if (placed === undefined) return null
      return html`<${Box}
        key=${node.id}
        placed=${placed}
        now=${now}
        faint=${seen !== null && !seen.has(node.id)}
        chosen=${isChosen(node, narrowing)}
      />`
    })}
  </svg>`
}

function Edge({ edge, nodes, faint }: { edge: GraphEdge; nodes: Layout['nodes']; faint: boolean }): VNode | null {
  const from = nodes.get(edge.from)
  const to = nodes.get(edge.to)
  if (from === undefined || to === undefined) return null
  const x1 = from.x + nodeWidth
  const y1 = from.y + nodeHeight / 2
  const y2 = to.y + nodeHeight / 2
  const half = (to.x - x1) / 2
  const path = `M${x1} ${y1}C${x1 + half} ${y1} ${to.x - half} ${y2} ${to.x} ${y2}`
  const own = edge.lane === null ? '' : `lane-${laneIndex(edge.lane)}`
  return html`<g class=${`edge ${own} ${faint ? 'faint' : ''} ${edge.perSecond ? '' : 'idle'}`}>
    <path d=${path} stroke-width=${thickness(edge.perSecond)} />
    ${
      edge.perSecond
        ? html`<text x=${to.x - 8} y=${y2 - 5 - thickness(edge.perSecond) / 2} text-anchor="end"
            >${rate(edge.perSecond)}</text
          >`
        : null
    }
  </g>`
}

/** 1 px for nothing, 2 for one a second, about 12 for ten thousand. */
function thickness(perSecond: number | null): number {
  return perSecond === null || perSecond === 0 ? 1 : 2 + Math.log10(Math.max(1, perSecond)) * 2.5
}

function Box({
  placed,
  now,
  faint,
  chosen,
}: {
  placed: Placed
  now: LiveSecond | undefined
  faint: boolean
  chosen: boolean
}): VNode {
  const { node, x, y } = placed
  const { gateway } = useSystem()
  const { title, below, bad } = words(node, now, gateway)
  const own = node.lane === undefined ? '' : `lane-${laneIndex(node.lane)}`
  const box = html`<g
    transform=${`translate(${x} ${y})`}
    class=${`box ${node.kind} ${own} ${faint ? 'faint' : ''} ${chosen ? 'chosen' : ''} ${bad ? 'bad' : ''}`}
  >
    <rect width=${nodeWidth} height=${nodeHeight} rx="8" />
    ${own !== '' && html`<rect class="stripe" width="6" height=${nodeHeight} rx="3" />`}
    <text x="14" y="20" class="name">${`${short(title)} `}</text>
    <text x="14" y="37" class="below">${below}</text>
  </g>`
  const to = addressOf(node, chosen)
  return to === null ? box : html`<a href=${to} aria-current=${chosen ? 'true' : undefined}>${box}</a>`
}

function short(text: string): string {
  return text.length > 22 ? `${text.slice(0, 21)}…` : text
}

function words(
  node: GraphNode,
  now: LiveSecond | undefined,
  gateway: string | null,
): { title: string; below: string; bad?: boolean } {
  const { kind, stream, lane, subscription } = node
  if (kind === 'source') {
    const published = Object.values(now?.lanes ?? {}).reduce((sum, each) => sum + each.published, 0)
    return { title: gateway === null ? 'Publishers' : 'Publishers, gateway', below: rate(published) }
  }
  if (kind === 'lane') {
    const p99 = now?.lanes[lane!]?.p99Ms
    return {
      title: `${stream} · ${lane}`,
      below: p99 === null || p99 === undefined ? 'lane' : `lane waits ${duration(p99)} (p99)`,
    }
  }
  const state = now?.subscriptions[subscription!]
  if (kind === 'dead') {
    const letters = state?.deadLetters ?? null
    return {
      title: letters === null ? 'Dead letters' : counted(letters, 'dead letter'),
      below: state?.parkedKeys ? `${counted(state.parkedKeys, 'key')} parked` : 'unresolved',
      bad: (letters ?? 0) > 0,
    }
  }
  const trouble = state?.paused ? 'paused' : state?.breaker === 'open' ? 'breaker open' : null
  return {
    title: subscription!,
    below: trouble ?? `${rate(state?.handled)}, lag ${seconds(state?.lagSeconds)}`,
    bad: trouble !== null,
  }
}

/** Chosen again, it narrows no longer. */
function addressOf({ kind, stream, lane, subscription }: GraphNode, chosen: boolean): string | null {
  if (kind === 'source') return null
  if (kind === 'dead') return href(['dead', subscription!], { subscription: subscription! })
  if (kind === 'lane') return href(['flow'], chosen ? { stream: null, lane: null } : { stream: stream!, lane: lane! })
  return href(['flow'], { subscription: chosen ? null : subscription! })
}

function isChosen({ kind, stream, lane, subscription }: GraphNode, only: Narrowing): boolean {
  if (kind === 'lane') return stream === only.stream && lane === only.lane
  return kind === 'subscription' && subscription === only.subscription
}
