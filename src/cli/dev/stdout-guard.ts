/**
 * Keeps what the app's own code prints out of the live view and out of machine output.
 * @module
 */
import type { Screen, Shell } from '../shell.ts'

/**
 * Hands everything written to the shell's streams to `foreign` until the returned function is called.
 * What `Output` writes is not concerned: it took the streams before.
 */
export function guard(streams: readonly Screen[], foreign: (text: string) => void): () => void {
  const restores = streams.map((stream) => {
    const original = stream.write
    stream.write = ((chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
      foreign(typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString())
      const callback = typeof encoding === 'function' ? encoding : done
      if (typeof callback === 'function') queueMicrotask(callback as () => void)
      return true
    }) as typeof stream.write
    return () => {
      stream.write = original
    }
  })
  return () => {
    for (const restore of restores) restore()
  }
}

/** With `--json` only results may be on stdout: what handlers print there goes to stderr. */
export function stdoutToStderr(shell: Pick<Shell, 'stdout' | 'stderr'>): () => void {
  return guard([shell.stdout], (text) => shell.stderr.write(text))
}
