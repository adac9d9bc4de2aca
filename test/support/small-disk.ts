/**
 * A small file system of its own, to fill up.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { requirePart } from './parts.ts'

/** Mounts one until the test has finished; where that is not allowed the test is skipped. */
export async function mountSmall(context: { skip(reason: string): void }, megabytes: number): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), 'vlx-disk-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true, maxRetries: 3 }))
  const directory = join(parent, 'small')
  mkdirSync(directory)
  await requirePart(context, 'a small file system', () => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'pipe' })
      return undefined
    } catch (error) {
      return `mounting one is not allowed here: ${(error as Error).message.trim()}`
    }
  })
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return directory
}
