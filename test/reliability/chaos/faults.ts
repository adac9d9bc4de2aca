/**
 * Every fault there is, in the order in which a long run goes through them.
 * @module
 */
import { brokerFaults } from './broker-faults.ts'
import type { Fault } from './stage.ts'
import { workerFaults } from './worker-faults.ts'

export const faults: readonly Fault[] = [...brokerFaults, ...workerFaults]

/** @throws RangeError that names those there are */
export function faultNamed(name: string): Fault {
  const found = faults.find((fault) => fault.name === name)
  if (found !== undefined) return found
  throw new RangeError(`There is no fault "${name}". There are: ${faults.map((fault) => fault.name).join(', ')}.`)
}
