/** @module */
import { expect, test, vi } from 'vitest'
import { requirePart } from './parts.ts'

test('a part that is there neither skips nor fails', async () => {
  const skip = vi.fn<(note?: string) => never>()
  await requirePart({ skip }, 'postgres', () => undefined, true)
  expect(skip).not.toHaveBeenCalled()
})

test('a missing part skips with its reason on a developer machine', async () => {
  const skip = vi.fn<(note?: string) => never>()
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  await requirePart({ skip }, 'postgres', async () => 'no server', false)
  expect(skip).toHaveBeenCalledWith('postgres is missing: no server')
  expect(warn).toHaveBeenCalledOnce()
})

test('a missing part is a failure with CI=true', async () => {
  const skip = vi.fn<(note?: string) => never>()
  await expect(requirePart({ skip }, 'postgres', () => 'no server', true)).rejects.toThrow(
    'postgres is required with CI=true, and is missing: no server',
  )
  expect(skip).not.toHaveBeenCalled()
})
