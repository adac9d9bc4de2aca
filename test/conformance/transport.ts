/**
 * The contract of `src/transport/transport.ts` as tests. A transport's own test file declares what it is and calls this:
 *
 *     testTransport({ name: 'embedded', create: …, features: … })
 * @module
 */
import { describe, test } from 'vitest'
import { adminCases } from './admin-cases.ts'
import { appendCases } from './append-cases.ts'
import { consumeCases } from './consume-cases.ts'
import { groupCases } from './group-cases.ts'
import { Bench, type Case, type Part, type TransportSuite } from './harness.ts'
import { transactionCases } from './transaction-cases.ts'

export type { TransportHarness, TransportSuite } from './harness.ts'
export { testTransportUnderStress } from './stress.ts'

/** Declares every case of the contract for one transport. */
export function testTransport(suite: TransportSuite): void {
  const parts = {
    append: appendCases,
    consume: consumeCases,
    groups: groupCases,
    admin: adminCases,
    transactions: transactionCases,
  }
  const cases = (suite.only ?? (Object.keys(parts) as Part[])).flatMap((part) => parts[part])
  for (const { test: name } of suite.skip ?? []) {
    if (!cases.some((each) => each.name === name)) throw new Error(`There is no case "${name}" to skip.`)
  }
  describe(`${suite.name} keeps the transport contract`, () => {
    for (const each of cases) declare(suite, each)
  })
}

function declare(suite: TransportSuite, { name, needs, run }: Case): void {
  const skipped = suite.skip?.find((skip) => skip.test === name)
  if (skipped !== undefined) return test.skip(`${name} (skipped: ${skipped.reason})`, () => {})
  test(name, async ({ skip }) => {
    const harness = await suite.create()
    const bench = new Bench(suite.features, harness)
    try {
      if (needs?.(suite.features, harness) === false) skip('not a feature of this transport')
      await run(bench)
    } finally {
      await bench.close()
    }
  })
}
