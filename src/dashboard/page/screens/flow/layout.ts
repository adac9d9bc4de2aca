/**
 * Places of a graph in layers: each column in an order with few crossings, found by moving every node to the middle of its neighbours, back
 * and forth. Pure, and the same for the same graph.
 * @module
 */
import type { Graph, GraphNode } from './graph.ts'

export interface Placed {
  readonly node: GraphNode
  readonly x: number
  readonly y: number
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly nodes: ReadonlyMap<string, Placed>
}

export const nodeWidth = 176
export const nodeHeight = 48
const gapX = 104
const gapY = 16
const sweeps = 8

export function layoutOf(graph: Graph): Layout {
  const layers = ordered(graph)
  const tallest = Math.max(...layers.map((layer) => layer.length), 1)
  const height = tallest * (nodeHeight + gapY) + gapY
  const nodes = new Map<string, Placed>()
  layers.forEach((layer, column) => {
    const step = height / Math.max(layer.length, 1)
    layer.forEach((node, row) => {
      nodes.set(node.id, { node, x: column * (nodeWidth + gapX) + 8, y: row * step + (step - nodeHeight) / 2 })
    })
  })
  return { width: layers.length * (nodeWidth + gapX) - gapX + 16, height, nodes }
}

function ordered(graph: Graph): GraphNode[][] {
  let layers = graph.layers.map((layer) => [...layer])
  let best = layers
  let fewest = crossings(graph, layers)
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const forth = sweep % 2 === 0
    const next = layers.map((layer) => [...layer])
    const columns = forth ? [2, 3] : [2, 1]
    // Dead letters lie beside their subscription; the lanes of a stream stay together.
    for (const column of columns) sortByNeighbours(graph, next, column, forth ? column - 1 : column + 1)
    layers = next
    const count = crossings(graph, layers)
    if (count < fewest) {
      fewest = count
      best = layers
    }
  }
  const result = best.map((layer) => [...layer])
  sortByNeighbours(graph, result, 3, 2)
  return result
}

function sortByNeighbours({ edges }: Graph, layers: GraphNode[][], column: number, towards: number): void {
  const place = new Map(layers[towards]!.map(({ id }, index) => [id, index]))
  const middle = new Map<string, number>()
  layers[column]!.forEach(({ id, stream }, index) => {
    const group =
      stream === undefined ? [id] : layers[column]!.filter((other) => other.stream === stream).map((other) => other.id)
    const near = edges.flatMap(({ from, to }) =>
      group.includes(from) ? (place.get(to) ?? []) : group.includes(to) ? (place.get(from) ?? []) : [],
    )
    middle.set(id, near.length === 0 ? index : near.reduce((sum, each) => sum + each, 0) / near.length)
  })
  layers[column]!.sort((a, b) => middle.get(a.id)! - middle.get(b.id)!)
}

/** Pairs of edges between neighbouring columns that cross. */
export function crossings({ edges }: Graph, layers: readonly (readonly GraphNode[])[]): number {
  let count = 0
  for (let column = 0; column + 1 < layers.length; column++) {
    const left = new Map(layers[column]!.map(({ id }, index) => [id, index]))
    const right = new Map(layers[column + 1]!.map(({ id }, index) => [id, index]))
    const lines = edges.flatMap(({ from, to }) =>
      left.has(from) && right.has(to) ? [[left.get(from)!, right.get(to)!] as const] : [],
    )
    for (const [index, [a, b]] of lines.entries()) {
      for (const [c, d] of lines.slice(index + 1)) if ((a - c) * (b - d) < 0) count++
    }
  }
  return count
}
