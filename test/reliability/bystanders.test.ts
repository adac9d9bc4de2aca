/**
 * An event that ends its process again and again costs the events beside it nothing: they are handled, not dead.
 * @module
 */
import { expect, test } from 'vitest'
import { Child } from '../support/child.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'

const program = new URL('bystanders-child.ts', import.meta.url)

test.each([
  ['that were handled beside it', '3', '1'],
  ['that were running beside it', '3', '200'],
  ['when there is one attempt only', '1', '200'],
])(
  'events %s',
  async (_, attempts, handlingMs) => {
    const directory = freshDirectory()
    for (let life = 1; life <= 10; life++) {
      const child = new Child(program, directory, attempts, handlingMs, String(life))
      if ((await child.ended).code !== 0) continue
      expect(child.lines.filter((line) => line.startsWith('letter'))).toEqual([`letter poison crashed ${attempts}`])
      return
    }
    expect.fail('It still dies in its tenth life.')
  },
  60_000,
)
