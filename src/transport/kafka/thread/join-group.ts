/**
 * Joining a group by either of Kafka's two protocols: the newer one (KIP-848), where the broker shares partitions out, and the classic one,
 * where a member does.
 * @module
 */
import type { AppendRecord } from '../../index.ts'
import type { Cluster } from '../cluster.ts'
import type { FromThread, Grant } from '../protocol.ts'
import { ClassicMember } from './classic-member.ts'
import { ConsumerMember } from './consumer-member.ts'
import type { Join } from './handover.ts'
import type { GrantedPosition, Membership } from './membership.ts'

/** Joins by the protocol that the options ask for; by default the newer one, where the broker has it for this group. */
export function joinGroup(cluster: Cluster, join: Join, push: (message: FromThread) => void): Membership {
  switch (cluster.options.groupProtocol) {
    case 'classic':
      return new ClassicMember(cluster, join, push)
    case 'consumer':
      return new ConsumerMember(cluster, join, push)
    case 'auto':
      return new NegotiatedMember(cluster, join, push)
  }
}

/** Tries the newer protocol first; nothing is held yet when the broker refuses it. */
class NegotiatedMember implements Membership {
  #member: Membership
  #hasLeft = false

  constructor(cluster: Cluster, join: Join, push: (message: FromThread) => void) {
    this.#member = new ConsumerMember(cluster, join, push, () => {
      if (!this.#hasLeft) this.#member = new ClassicMember(cluster, join, push)
    })
  }

  commit(positions: readonly GrantedPosition[], records?: readonly AppendRecord[]): Promise<void> {
    return this.#member.commit(positions, records)
  }

  released(partitions: readonly Grant[]): void {
    this.#member.released(partitions)
  }

  leave(): Promise<void> {
    this.#hasLeft = true
    return this.#member.leave()
  }
}
