/** The problems that are documented are those that there are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { problemTypes } from '../../src/gateway/index.ts'

test('docs/reference/gateway.md lists every problem with its status, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'gateway.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `([a-z-]+)` +\| (\d{3}) /gm)].map(([, name, status]) => [name, Number(status)])
  expect(rows.toSorted()).toEqual(
    Object.entries(problemTypes)
      .map(([name, { status }]) => [name, status])
      .toSorted(),
  )
})
