/**
 * Who comes first changes from round to round.
 * @module
 */
import type { Round } from '../scenario.ts'

/** Performs all of `sides` one after another, in an order that is turned by one every round; answers by name. */
export async function inTurns<Name extends string, Result>(
  { number }: Round,
  sides: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result>> {
  const names = Object.keys(sides) as Name[]
  const results: Partial<Record<Name, Result>> = {}
  for (let nth = 0; nth < names.length; nth++) {
    const name = names[(nth + number - 1) % names.length]!
    results[name] = await sides[name]()
  }
  return results as Record<Name, Result>
}
