/**
 * Faults drawn at random, call by call.
 * @module
 */
import type { Random, Scenario } from './scenario.ts'
import type { SimulatedFaults } from './simulated-faults.ts'

export function drawnFaults(
  random: Random,
  { faults: probability, hangs }: Pick<Scenario, 'faults' | 'hangs'>,
): SimulatedFaults {
  return {
    append: () =>
      random.chance(probability.append)
        ? random.pick(['refused', 'unknown', 'vanished', 'partial'] as const)
        : undefined,
    commit: () => {
      if (!random.chance(probability.commit)) return undefined
      return random.pick(['refused', 'unknown', { delayMs: random.int(1, 1_500) }] as const)
    },
    fetch: () => {
      const maxRecords = random.chance(0.3) ? random.int(1, 10) : undefined
      if (hangs && random.chance(0.04)) return { silent: true }
      if (!random.chance(probability.fetch)) return { maxRecords }
      return random.pick([
        { unavailable: true },
        { delayMs: random.int(1, 1_000) },
        { repeat: random.int(1, 10), maxRecords },
      ])
    },
    read: () => {
      if (!random.chance(probability.fetch)) return undefined
      return random.pick([{ unavailable: true }, { delayMs: random.int(1, 500) }])
    },
  }
}
