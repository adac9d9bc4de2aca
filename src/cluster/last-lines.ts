/**
 * The end of a log that may be long.
 * @module
 */
import { open } from 'node:fs/promises'

const mostBytes = 64 * 1024

/** Up to `count` lines from the end of `file`, none of them from before `since` (bytes from its start). */
export async function lastLines(file: string, since: number, count: number): Promise<string[]> {
  const handle = await open(file).catch(() => undefined)
  if (handle === undefined) return []
  try {
    const { size } = await handle.stat()
    const from = Math.max(since, size - mostBytes)
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(Math.max(0, size - from)),
      0,
      Math.max(0, size - from),
      from,
    )
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
    return worthReading(lines).slice(-count)
  } finally {
    await handle.close()
  }
}

/** Without the places in Kafka's own code, which push out of sight what went wrong. */
export function worthReading(lines: readonly string[]): string[] {
  return lines.filter((line) => line.trim() !== '' && !/^\s+(?:at |\.\.\. \d+ more)/.test(line))
}
