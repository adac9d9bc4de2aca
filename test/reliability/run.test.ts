/**
 * `app.run()`: a signal drains and exits with 0, a deadline with 1, a second signal leaves at once; and what the next process then does.
 * @module
 */
import { expect, test } from 'vitest'
import { Child } from '../support/child.ts'
import { freshDirectory } from '../transport/embedded/directory.ts'

const program = new URL('run-child.ts', import.meta.url)

test('a signal lets the running handler finish, takes nothing more, commits and exits with 0', async () => {
  const directory = freshDirectory()
  const first = new Child(program, directory, 'publish')
  await Promise.all([first.says('begin 1'), first.says('running')])
  first.kill('SIGTERM')
  await first.says('SIGTERM')
  first.tell('finish')
  expect(await first.ended).toEqual({ code: 0, signal: null })
  expect(first.lines).toContain('end 1')
  expect(first.lines).not.toContain('begin 2 attempt 1')
  const next = new Child(program, directory)
  await next.says('begin')
  expect(next.lines.filter((line) => line.startsWith('begin'))).toEqual(['begin 2 attempt 1'])
})

test('at the deadline what still runs is aborted, left to the next process, and the exit code is 1', async () => {
  const directory = freshDirectory()
  const first = new Child(program, directory, 'publish', 'endless', 'hasty')
  await Promise.all([first.says('begin 1'), first.says('running')])
  first.kill('SIGINT')
  expect(await first.ended).toEqual({ code: 1, signal: null })
  expect(first.lines).toContain('abort VLX_HANDLER_INTERRUPTED')
  const next = new Child(program, directory)
  await next.says('begin')
  // It did not fail: the attempt that was cut short does not count.
  expect(next.lines.filter((line) => line.startsWith('begin'))).toEqual(['begin 1 attempt 1'])
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second signal, %s, leaves at once with %i, whatever handlers do', async (second, code) => {
  const child = new Child(program, freshDirectory(), 'publish', 'endless')
  await Promise.all([child.says('begin 1'), child.says('running')])
  child.kill('SIGTERM')
  await child.says('SIGTERM')
  child.kill(second)
  expect(await child.ended).toEqual({ code, signal: null })
})
