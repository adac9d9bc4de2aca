/**
 * The embedded log keeps the contract: with fsync as shipped, and under seeded stress.
 * @module
 */
import { embedded } from '../../../src/transport/embedded/index.ts'
import { testTransport, testTransportUnderStress, type TransportSuite } from '../../conformance/transport.ts'
import { embeddedHarness } from './directory.ts'

const suite: TransportSuite = {
  name: 'embedded',
  create: () => embeddedHarness({ rebalanceTimeout: 20_000 }),
  features: embedded().features,
}

testTransport(suite)
testTransportUnderStress({ ...suite, create: () => embeddedHarness({ durability: 'none' }) }, [1, 2, 3, 4])
