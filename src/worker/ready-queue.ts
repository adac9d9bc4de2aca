/**
 * Keys whose head may start, lowest head offset first: it keeps what is started close to what is committed,
 * so the commit state stays small.
 *
 * Newly fetched keys arrive in offset order and go through a plain queue; keys that come back (next event, next attempt)
 * are usually few and go through a heap.
 * @module
 */
import { headOf, letGo, type KeyQueue } from './item.ts'

export class ReadyQueue {
  private fresh: KeyQueue[] = []
  private freshHead = 0
  private readonly heap: KeyQueue[] = []

  get size(): number {
    return this.fresh.length - this.freshHead + this.heap.length
  }

  /** The queue's head offset must be above that of all pushed here before. */
  pushFresh(queue: KeyQueue): void {
    this.fresh.push(queue)
  }

  pushBack(queue: KeyQueue): void {
    let at = this.heap.push(queue) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (offsetOf(this.heap[parent]!) <= offsetOf(queue)) break
      this.heap[at] = this.heap[parent]!
      at = parent
    }
    this.heap[at] = queue
  }

  peek(): KeyQueue | undefined {
    const fresh = this.fresh[this.freshHead]
    const back = this.heap[0]
    if (!fresh || !back) return fresh ?? back
    return offsetOf(back) < offsetOf(fresh) ? back : fresh
  }

  pop(): KeyQueue | undefined {
    const next = this.peek()
    if (!next) return undefined
    if (next === this.heap[0]) this.popHeap()
    else this.popFresh()
    return next
  }

  private popFresh(): void {
    letGo(this.fresh, this.freshHead++)
    if (this.freshHead === this.fresh.length) {
      this.fresh = []
      this.freshHead = 0
    } else if (this.freshHead >= 1024 && this.freshHead * 2 >= this.fresh.length) {
      this.fresh = this.fresh.slice(this.freshHead)
      this.freshHead = 0
    }
  }

  private popHeap(): void {
    const last = this.heap.pop()!
    if (this.heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && offsetOf(this.heap[child + 1]!) < offsetOf(this.heap[child]!)) child++
      if (offsetOf(last) <= offsetOf(this.heap[child]!)) break
      this.heap[at] = this.heap[child]!
      at = child
    }
    this.heap[at] = last
  }
}

function offsetOf(queue: KeyQueue): number {
  return headOf(queue)!.offset
}
