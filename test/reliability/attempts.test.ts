/**
 * Attempts are counted over kill -9: an event that ends its process is tried as often as its subscription allows, then it is a dead letter.
 * @module
 */
import { expect, test } from 'vitest'
import { Child } from '../support/child.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'

const program = new URL('attempts-child.ts', import.meta.url)

/** Lives until one ends by itself; what each of them said. */
async function lives(kind: string): Promise<string[][]> {
  const directory = freshDirectory()
  const said: string[][] = []
  for (let life = 1; life <= 10; life++) {
    const child = new Child(program, directory, kind, String(life))
    const { code, signal } = await child.ended
    said.push(child.lines)
    if (code === 0) return said
    expect({ life, code, signal }).toEqual({ life, code: null, signal: 'SIGKILL' })
  }
  throw new Error(`Still dying after ${said.length} lives: ${JSON.stringify(said)}`)
}

test('an event that kills its process in every attempt is a dead letter after its last one', async () => {
  // Only the first attempt can go uncounted: nobody knew then that it would be fatal.
  expect(await lives('lethal')).toEqual([
    ['attempt 1'],
    ['attempt 1'],
    ['attempt 2'],
    ['attempt 3'],
    ['attempt 4'],
    ['attempt 5'],
    ['letter poison crashed 5'],
  ])
}, 60_000)

test('attempts that failed and attempts that killed count together, over every restart', async () => {
  expect(await lives('failing')).toEqual([
    ['attempt 1', 'attempt 2'],
    ['attempt 2', 'attempt 3'],
    ['attempt 4', 'attempt 5'],
    ['letter poison crashed 5'],
  ])
}, 60_000)
