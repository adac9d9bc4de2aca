/**
 * The graph of the flow, and where its boxes lie.
 * @module
 */
import { describe, expect, test } from 'vitest'
import type { FlowSecond, LiveSecond, SystemView } from '../../../src/dashboard/api/index.ts'
import {
  deadId,
  graphOf,
  laneId,
  related,
  sourceId,
  subscriptionId,
} from '../../../src/dashboard/page/screens/flow/graph.ts'
import { crossings, layoutOf } from '../../../src/dashboard/page/screens/flow/layout.ts'

function systemOf(
  streams: Record<string, Record<string, string>>,
  subscriptions: Record<string, string[]>,
): SystemView {
  return {
    lanes: ['critical', 'bulk'],
    streams: Object.entries(streams).map(([name, types]) => ({
      name,
      types: Object.entries(types).map(([type, lane]) => ({ type, lane })),
    })),
    subscriptions: Object.entries(subscriptions).map(([name, types]) => ({ name, types })),
  } as unknown as SystemView
}

const second = (flows: FlowSecond[]): LiveSecond => ({ flows }) as unknown as LiveSecond

const system = systemOf(
  { orders: { 'order.placed': 'critical', 'order.exported': 'bulk' }, visits: { 'page.viewed': 'bulk' } },
  { analytics: ['page.viewed'], billing: ['order.placed'], archive: ['order.placed', 'order.exported'] },
)

describe('the graph', () => {
  test('has the lanes that types are sent to, and who takes them', () => {
    const { layers, edges } = graphOf(system, [])
    expect(layers[1]!.map(({ id }) => id)).toEqual([
      laneId('orders', 'critical'),
      laneId('orders', 'bulk'),
      laneId('visits', 'bulk'),
    ])
    expect(edges.filter(({ to }) => to === subscriptionId('archive')).map(({ from }) => from)).toEqual([
      laneId('orders', 'critical'),
      laneId('orders', 'bulk'),
    ])
  })

  test('has a lane that nothing is declared for as soon as something flows there', () => {
    const flow = { stream: 'visits', lane: 'critical', subscription: null, perSecond: 3 }
    const { layers, edges } = graphOf(system, [second([flow])])
    expect(layers[1]!.map(({ id }) => id)).toContain(laneId('visits', 'critical'))
    expect(edges.find(({ to }) => to === laneId('visits', 'critical'))).toMatchObject({ from: sourceId, perSecond: 3 })
  })

  test('narrowed to a subscription, has all the ways to it and no other', () => {
    const seen = related(graphOf(system, []), { stream: null, lane: null, subscription: 'billing' })
    expect([...seen].toSorted()).toEqual(
      [sourceId, laneId('orders', 'critical'), subscriptionId('billing'), deadId('billing')].toSorted(),
    )
  })

  test('narrowed to a lane of a stream, has who takes from it', () => {
    const seen = related(graphOf(system, []), { stream: 'orders', lane: 'bulk', subscription: null })
    expect(seen.has(subscriptionId('archive'))).toBe(true)
    expect(seen.has(subscriptionId('billing'))).toBe(false)
    expect(seen.has(laneId('visits', 'bulk'))).toBe(false)
  })
})

describe('the layout', () => {
  test('has no boxes on top of each other, and every one in the picture', () => {
    const { nodes, width, height } = layoutOf(graphOf(system, []))
    const places = [...nodes.values()]
    expect(places).toHaveLength(10)
    for (const { x, y } of places) {
      expect(x >= 0 && x < width && y >= 0 && y < height).toBe(true)
      expect(places.filter((other) => other.x === x && Math.abs(other.y - y) < 48)).toHaveLength(1)
    }
  })

  test('crosses less than the order of the typed file, and is the same each time', () => {
    const graph = graphOf(system, [])
    const { nodes } = layoutOf(graph)
    const order = graph.layers.map((layer) => layer.toSorted((a, b) => nodes.get(a.id)!.y - nodes.get(b.id)!.y))
    expect(crossings(graph, graph.layers)).toBeGreaterThan(0)
    expect(crossings(graph, order)).toBe(0)
    expect(layoutOf(graph)).toEqual(layoutOf(graph))
  })

  test('of nothing is nothing', () => {
    expect([...layoutOf(graphOf(systemOf({}, {}), [])).nodes.keys()]).toEqual([sourceId])
  })
})
