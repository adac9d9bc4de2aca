/**
 * Ids of static members. A group must not have one twice, and one process may have several members of one group: the first is called
 * as the options say, the next ones `<id>-2`, `<id>-3`, so that after a restart each finds the id it had.
 * @module
 */
import type { KafkaOptions } from './options.ts'

export interface InstanceId {
  /** Null for a member that is not static. */
  readonly id: string | null
  /** The member has left. */
  free(): void
}

/** Of a member that is not static. */
export const noInstance: InstanceId = { id: null, free: () => {} }

export class InstanceIds {
  readonly #given: KafkaOptions['instanceId']
  readonly #taken = new Set<string>()

  constructor(given: KafkaOptions['instanceId']) {
    if (given !== undefined && typeof given !== 'string' && typeof given !== 'function') {
      throw new RangeError(`kafka({ instanceId }) must be a text, or a function that gives one.`)
    }
    if (typeof given === 'string') check(given)
    this.#given = given
  }

  /** @throws RangeError when the function gives no id that Kafka takes, or what the function throws */
  take(group: string): InstanceId {
    if (this.#given === undefined) return noInstance
    const base = check(typeof this.#given === 'function' ? this.#given(group) : this.#given)
    for (let nth = 1; ; nth++) {
      const id = nth === 1 ? base : `${base}-${nth}`
      const key = `${id}/${group}`
      if (this.#taken.has(key)) continue
      this.#taken.add(key)
      return { id, free: () => this.#taken.delete(key) }
    }
  }
}

function check(id: unknown): string {
  // Some more may come behind it, and Kafka takes 249.
  if (typeof id === 'string' && /^[\w.-]{1,240}$/.test(id) && !/^\.{1,2}$/.test(id)) return id
  throw new RangeError(
    `kafka({ instanceId }) is ${JSON.stringify(id)}; Kafka takes 1 to 240 letters, digits, ".", "_" and "-".`,
  )
}
