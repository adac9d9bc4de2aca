/**
 * What a static member (`group.instance.id`) is told when somebody else has its id.
 * @module
 */
import { InstanceIdTaken, LogUnavailable } from '../../index.ts'

/** Somebody else joined with it: this member is out. */
export function takenOver(instanceId: string | null, group: string): InstanceIdTaken {
  return new InstanceIdTaken(
    `Another process joined the group "${group}" with kafka({ instanceId }) "${instanceId}": this one holds nothing any more. Give every process an id of its own.`,
  )
}

/** This member cannot join yet: the id is still that of another, perhaps of a process that was killed. */
export function unreleased(instanceId: string | null, group: string): LogUnavailable {
  return new LogUnavailable(
    `The group "${group}" still has a member with kafka({ instanceId }) "${instanceId}": a process that was killed, until its session ends, or another one with the same id (then give each its own). Trying again.`,
  )
}
