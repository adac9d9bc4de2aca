/**
 * What is said about a broker that does not know what is sent here.
 * @module
 */
import { expect, test } from 'vitest'
import { loadClient } from '../../../src/transport/kafka/client.ts'
import { versionsOf } from '../../../src/transport/kafka/requests.ts'
import { checkKnown } from '../../../src/transport/kafka/versions.ts'

const requests = versionsOf(await loadClient())
/** A broker that knows the same versions of every request. */
const knowing = (minVersion: number, maxVersion: number) =>
  new Map(Object.values(requests).map(([newest]) => [newest!.key, { minVersion, maxVersion }]))

test('takes a broker that knows one version of each request', () => {
  const oldest = new Map(
    Object.values(requests).map((versions) => {
      const { key, version } = versions.at(-1)!
      return [key, { minVersion: 0, maxVersion: version }] as const
    }),
  )
  expect(() => checkKnown(requests, oldest, 'b:1')).not.toThrow()
})

test('names every request, the versions that are needed and those the broker knows', () => {
  expect(() => checkKnown(requests, knowing(0, 6), 'b:1')).toThrowError(
    expect.objectContaining({
      code: 'VLX_LOG_VERSION',
      message: expect.stringMatching(
        /^The broker b:1 .*Produce \(needed is 9, the broker knows 0 to 6\).*Metadata \(needed is 12 or 11 or 10, the broker knows 0 to 6\).*Kafka 2\.8 or newer/,
      ),
    }),
  )
  const without = new Map(knowing(0, 99))
  without.delete(requests.InitProducerId[0]!.key)
  expect(() => checkKnown(requests, without, 'b:1')).toThrow('InitProducerId (needed is 4, the broker knows none)')
  // One that has dropped what we speak.
  expect(() => checkKnown(requests, knowing(50, 60), 'b:1')).toThrow('a newer Veltrix')
})
