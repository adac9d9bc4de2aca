/**
 * Mistakes the compiler must refuse, and how: each file of `rejected/` holds one; its error names what is wrong and what is allowed, in few lines.
 * @module
 */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

/** By file: what its one error says. */
const expected: Record<string, readonly string[]> = {
  'publish-unknown-type': ['"order.plced"', '"order.exported" | "order.placed" | "payment.settled"'],
  'publish-wrong-payload': ["'string' is not assignable to type 'number'"],
  'publish-missing-field': ["'orderId' is missing"],
  'publish-unknown-lane': ['"bluk"', '"bulk" | "critical" | "standard"'],
  'publish-unknown-option': ["'prio' does not exist", 'PublishOptions<'],
  'publish-in-handler-unknown-type': ['"order.plced"', '"order.exported" | "order.placed" | "payment.settled"'],
  'publish-many-wrong-payload': ["'number' is not assignable to type 'string'"],
  'publish-many-unknown-lane': ['"bluk"', '"bulk" | "critical" | "standard"'],
  'publish-many-signal': ["'signal' does not exist", 'PublishItemOptions<'],
  'publish-many-unknown-type': ['"order.plced"', `Did you mean '"order.placed"'`],
  'handle-event-not-taken': ['"order.exported"', '"order.placed" | "payment.settled"'],
  'handle-batch-event-not-taken': ['"order.exported"', '"order.placed" | "payment.settled"'],
  'handle-unknown-subscription': ['"biling"', '"billing" | "exports"'],
  'handle-field-not-there': ["'totl' does not exist", "Did you mean 'total'"],
  'app-pause-unknown-lane': ['"bluk"', '"bulk" | "critical" | "standard"'],
  'app-start-unknown-subscription': ['"billing" | "exports"', `Did you mean '"billing"'`],
  'test-app-handled-unknown-type': ['"order.plced"', '"order.exported" | "order.placed" | "payment.settled"'],
  'lane-unknown-option': ["'wieght' does not exist", "Did you mean to write 'weight'"],
  'stream-unknown-option': ['NoSuchOption<', '"partitions"'],
  'stream-adopts-unknown-event': ['"order.plced"', '"order.placed"'],
  'subscription-unknown-event': [`Type '"order.plced"' is not assignable to type '"order.placed"'`],
  'subscription-unknown-option': ['NoSuchOption<', '"concurrency"'],
  'retry-unknown-option': ['NoSuchOption<"attempts" | "backoff">'],
  'event-unknown-lane': ['NoSuchLane<"fsat", "fast" | "slow">'],
  'event-unknown-option': ['NoSuchOption<', '"lane"'],
  'event-key-not-in-payload': ['"ordrId"', '"orderId"', 'Did you mean'],
  'event-key-not-text': ['"paid"', '"orderId"'],
  'event-without-key': ['EventHasNoKey'],
  'stream-key-not-in-payload': ['StreamKeyIsNoTextField<"orderId", "id">'],
  'policy-unknown': ['"park"', '"continue" | "park-key"'],
  'size-unknown-unit': ['"1mb"', 'Size'],
  'duration-unknown-unit': ['"30x"', 'Duration'],
  'schema-that-is-none': ['StandardSchemaV1'],
}

const directory = fileURLToPath(new URL('rejected', import.meta.url))
const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

/** Errors of each file: every error's own lines. */
async function compileRejected(): Promise<Map<string, string[][]>> {
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', directory], (_error, stdout) =>
      resolve(stdout),
    )
  })
  const errors = new Map<string, string[][]>()
  let last: string[] = []
  for (const line of output.split('\n')) {
    const file = /([\w-]+)\.ts\(\d+,\d+\): error TS/.exec(line)?.[1]
    if (file) {
      last = []
      errors.set(file, [...(errors.get(file) ?? []), last])
    }
    if (line.trim() !== '') last.push(line)
  }
  return errors
}

describe('rejected', () => {
  let errors: Map<string, string[][]>
  beforeAll(async () => {
    errors = await compileRejected()
  })

  test('every snippet is expected, and only snippets have errors', () => {
    const files = readdirSync(directory).filter((name) => name.endsWith('.ts'))
    expect(files.map((name) => name.slice(0, -3)).sort()).toEqual(Object.keys(expected).sort())
    expect([...errors.keys()].sort()).toEqual(Object.keys(expected).sort())
  })

  test.each(Object.entries(expected))('%s', (file, parts) => {
    const found = errors.get(file) ?? []
    expect(found).toHaveLength(1)
    const lines = found[0]!
    for (const part of parts) expect(lines.join('\n')).toContain(part)
    expect(lines.length).toBeLessThanOrEqual(4)
    for (const line of lines) expect(line.length).toBeLessThan(450)
  })
})
