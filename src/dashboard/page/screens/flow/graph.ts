/**
 * The application as a graph: who publishes, streams and their lanes, subscriptions, dead letters. Pure.
 * @module
 */
import type { LiveSecond, SystemView } from '../../../api/index.ts'

export interface GraphNode {
  readonly id: string
  readonly kind: 'source' | 'lane' | 'subscription' | 'dead'
  readonly stream?: string
  readonly lane?: string
  readonly subscription?: string
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly lane: string | null
  /** Null: the log cannot tell. */
  readonly perSecond: number | null
}

export interface Graph {
  /** Columns from left to right. */
  readonly layers: readonly (readonly GraphNode[])[]
  readonly edges: readonly GraphEdge[]
}

export const sourceId = 'source'
export const laneId = (stream: string, lane: string): string => `lane ${stream} ${lane}`
export const subscriptionId = (name: string): string => `subscription ${name}`
export const deadId = (name: string): string => `dead ${name}`

/** Lanes of a stream that nothing is sent to and nothing came through are left out: most streams use one of all. */
export function graphOf(system: SystemView, recent: readonly LiveSecond[]): Graph {
  const now = recent.at(-1)
  const rates = new Map(
    now?.flows.map(({ stream, lane, subscription, perSecond }) => [
      `${stream} ${lane} ${subscription ?? ''}`,
      perSecond,
    ]),
  )
  const used = new Set(
    recent.flatMap(({ flows }) =>
      flows.filter(({ perSecond }) => perSecond > 0).map(({ stream, lane }) => `${stream} ${lane}`),
    ),
  )
  const lanes: GraphNode[] = []
  const subscriptions: GraphNode[] = system.subscriptions.map(({ name }) => ({
    id: subscriptionId(name),
    kind: 'subscription',
    subscription: name,
  }))
  const dead: GraphNode[] = system.subscriptions.map(({ name }) => ({
    id: deadId(name),
    kind: 'dead',
    subscription: name,
  }))
  const edges: GraphEdge[] = []
  for (const { name: stream, types } of system.streams) {
    for (const lane of system.lanes) {
      const here = types.filter((type) => type.lane === lane)
      if (here.length === 0 && !used.has(`${stream} ${lane}`)) continue
      lanes.push({ id: laneId(stream, lane), kind: 'lane', stream, lane })
      edges.push({ from: sourceId, to: laneId(stream, lane), lane, perSecond: rates.get(`${stream} ${lane} `) ?? 0 })
      for (const { name, types: taken } of system.subscriptions) {
        const takes = here.some(({ type }) => taken.includes(type))
        const perSecond = rates.get(`${stream} ${lane} ${name}`)
        if (takes || perSecond)
          edges.push({ from: laneId(stream, lane), to: subscriptionId(name), lane, perSecond: perSecond ?? 0 })
      }
    }
  }
  for (const { name } of system.subscriptions)
    edges.push({ from: subscriptionId(name), to: deadId(name), lane: null, perSecond: null })
  return { layers: [[{ id: sourceId, kind: 'source' }], lanes, subscriptions, dead], edges }
}

/** Nodes and edges that what narrows has to do with: everything on a way through all that is named. */
export function related(
  graph: Graph,
  only: { stream: string | null; lane: string | null; subscription: string | null },
): ReadonlySet<string> {
  const nodes = new Map(graph.layers.flat().map((node) => [node.id, node]))
  const fits = ({ kind, stream, lane, subscription }: GraphNode): boolean => {
    if (kind === 'lane')
      return (only.stream === null || stream === only.stream) && (only.lane === null || lane === only.lane)
    return kind === 'source' || only.subscription === null || subscription === only.subscription
  }
  const lanes = graph.layers[1]!.filter(fits)
  const taken = graph.edges.filter(({ from, to }) => lanes.some(({ id }) => id === from) && fits(nodes.get(to)!))
  const result = new Set([sourceId])
  for (const { from, to } of taken) result.add(from).add(to)
  // A lane nobody takes from has a way of one step.
  if (only.subscription === null) for (const { id } of lanes) result.add(id)
  for (const { from, to } of graph.edges)
    if (nodes.get(from)!.kind === 'subscription' && result.has(from)) result.add(to)
  return result
}
