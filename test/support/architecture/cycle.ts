/**
 * Finds a ring of files that import each other; type imports count too, lazy ones do not: they are no ring of loading.
 * @module
 */
import { posix } from 'node:path'
import type { SourceFile } from './source-file.ts'

/** One ring, its first file repeated at the end; undefined when there is none. */
export function findCycle(files: readonly SourceFile[]): string[] | undefined {
  const targets = new Map(files.map((file) => [file.path, targetsOf(file)]))
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    const at = path.indexOf(file)
    if (at >= 0) return [...path.slice(at), file]
    if (done.has(file)) return undefined
    path.push(file)
    for (const target of targets.get(file) ?? []) {
      const ring = visit(target)
      if (ring) return ring
    }
    path.pop()
    done.add(file)
    return undefined
  }
  for (const file of targets.keys()) {
    const ring = visit(file)
    if (ring) return ring
  }
  return undefined
}

function targetsOf(file: SourceFile): string[] {
  return file.imports.flatMap(({ specifier, lazy }) =>
    specifier?.startsWith('.') && !lazy ? [posix.join(posix.dirname(file.path), specifier)] : [],
  )
}
