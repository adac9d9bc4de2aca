/**
 * Joins the pure coordinator to sessions and stored positions.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../clock.ts'
import { Fenced, type GroupDescription, type TopicPartition } from '../../index.ts'
import type { Ask, Grant, WirePosition } from '../protocol.ts'
import { toWire } from '../wire-errors.ts'
import type { Catalog } from './catalog.ts'
import { Coordinator, type Effect } from './coordinator.ts'
import type { MemberSpec } from './member.ts'
import type { Positions } from './positions.ts'
import type { Session } from './session.ts'

export class GroupService {
  readonly #coordinator: Coordinator
  readonly #catalog: Catalog
  readonly #positions: Positions
  readonly #clock: Clock
  readonly #sessions = new Map<string, { session: Session; consumer: number }>()

  constructor(catalog: Catalog, positions: Positions, clock: Clock, rebalanceTimeoutMs: number) {
    this.#catalog = catalog
    this.#positions = positions
    this.#clock = clock
    this.#coordinator = new Coordinator(rebalanceTimeoutMs, (topic) => catalog.topics.get(topic)?.partitions)
  }

  join(session: Session, ask: Ask<'join'>): void {
    const { consumer, group, topics, sessionTimeoutMs, startAt } = ask
    const id = randomUUID()
    session.members.set(consumer, id)
    this.#sessions.set(id, { session, consumer })
    const spec: MemberSpec = {
      id,
      group,
      clientId: session.clientId,
      topics,
      startAt,
      // The thread beside the owner cannot die alone; another process can stop answering.
      sessionTimeoutMs: session.local ? Infinity : sessionTimeoutMs,
    }
    this.#apply(this.#coordinator.join(spec, this.#clock.monotonic()))
  }

  leave(session: Session, consumer: number): void {
    const id = session.members.get(consumer)
    if (id === undefined) return
    session.members.delete(consumer)
    this.#sessions.delete(id)
    this.#apply(this.#coordinator.leave(id, this.#clock.monotonic()))
  }

  released(session: Session, consumer: number, partitions: readonly Grant[]): void {
    const id = session.members.get(consumer)
    if (id !== undefined) this.#apply(this.#coordinator.released(id, partitions, this.#clock.monotonic()))
  }

  heard(session: Session): void {
    for (const id of session.members.values()) this.#coordinator.heard(id, this.#clock.monotonic())
  }

  tick(): void {
    this.#apply(this.#coordinator.tick(this.#clock.monotonic()))
  }

  topicsChanged(): void {
    this.#apply(this.#coordinator.topicsChanged(this.#clock.monotonic()))
  }

  /**
   * The positions of a commit with the group they belong to.
   * @throws Fenced when the member does not hold every one of the partitions
   */
  admit(session: Session, ask: Ask<'commit'>): (WirePosition & { group: string })[] {
    const id = session.members.get(ask.consumer)
    if (id === undefined || !this.#coordinator.holds(id, ask.positions)) {
      const names = ask.positions.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')
      throw new Fenced(
        `This member does not hold all of ${names} any more, so nothing was committed. What it did there will be done again by the member that holds it now.`,
      )
    }
    const group = this.#coordinator.groupOf(id)
    return ask.positions.map((position) => ({ ...position, group }))
  }

  describe(names?: readonly string[]): GroupDescription[] {
    const known = new Set([...this.#positions.groups(), ...this.#coordinator.groups()])
    const wanted = names === undefined ? [...known].sort() : names.filter((name) => known.has(name))
    return wanted.map((group) => ({
      group,
      members: this.#coordinator.members(group).map(({ spec, held }) => ({
        clientId: spec.clientId,
        partitions: [...held.values()].map(({ topic, partition }) => ({ topic, partition })),
      })),
      positions: this.#positions.of(group),
    }))
  }

  #apply(effects: readonly Effect[]): void {
    for (const effect of effects) {
      const target = this.#sessions.get(effect.member.id)
      if (target === undefined) continue
      const { session, consumer } = target
      if (effect.type === 'assign') this.#assign(session, consumer, effect.member, effect.partitions)
      else if (effect.type === 'revoke') session.send({ push: 'revoke', consumer, partitions: effect.partitions })
      else {
        if (effect.expelled) {
          session.members.delete(consumer)
          this.#sessions.delete(effect.member.id)
        }
        session.send({ push: 'lost', consumer, partitions: effect.partitions, expelled: effect.expelled })
      }
    }
  }

  #assign(session: Session, consumer: number, spec: MemberSpec, partitions: readonly Grant[]): void {
    try {
      const positions = partitions.map((given) => ({ ...this.#position(spec, given), grant: given.grant }))
      session.send({
        push: 'assigned',
        consumer,
        partitions: positions.map(({ offset, ...rest }) => ({ ...rest, committedOffset: offset })),
      })
    } catch (error) {
      session.send({ push: 'failed', consumer, error: toWire(error) })
    }
  }

  #position(spec: MemberSpec, { topic, partition }: TopicPartition): WirePosition {
    const stored = this.#positions.get(spec.group, { topic, partition })
    if (stored !== undefined) return stored
    const state = this.#catalog.find(topic, partition)!
    const position = { topic, partition, offset: state.earliest, metadata: new Uint8Array() }
    if (spec.startAt === 'earliest') return position
    // Written down at once: otherwise a member that comes back later would start at a later end and skip what lies between.
    const latest = { ...position, offset: state.end }
    this.#positions.save([{ ...latest, group: spec.group }])
    return latest
  }
}
