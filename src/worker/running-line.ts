/**
 * Handler calls in order of their start, linked to each other. A Set would do, but one that changes with every event leaves its old
 * tables behind, each with what was in it: garbage that keeps events alive, and makes the collector's pauses longer.
 * @module
 */

/** Who may stand in one line at a time. The fields are the line's. */
export interface InLine<T> {
  standing?: boolean
  before?: T
  after?: T
}

export class RunningLine<T extends InLine<T>> implements Iterable<T> {
  private head: T | undefined
  private tail: T | undefined
  private length = 0

  get size(): number {
    return this.length
  }

  get first(): T | undefined {
    return this.head
  }

  add(one: T): void {
    one.standing = true
    one.before = this.tail
    one.after = undefined
    if (this.tail) this.tail.after = one
    else this.head = one
    this.tail = one
    this.length++
  }

  /** Nothing happens when it stands in none. */
  remove(one: T): void {
    if (!one.standing) return
    one.standing = false
    const { before, after } = one
    if (before) before.after = after
    else this.head = after
    if (after) after.before = before
    else this.tail = before
    one.before = undefined
    one.after = undefined
    this.length--
  }

  clear(): void {
    for (const one of [...this]) this.remove(one)
  }

  /** The one just given may be removed meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let one = this.head; one;) {
      const next = one.after
      yield one
      one = next
    }
  }
}
