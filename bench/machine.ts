/**
 * What the figures were measured on: versions and sizes, no names of the machine.
 * @module
 */
import { readFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'

export interface Machine {
  readonly node: string
  readonly sqlite: string
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
}

export function machine(): Machine {
  return {
    node: process.versions.node,
    sqlite: process.versions['sqlite'] ?? 'unknown',
    system: `${platform()} ${release().split('-')[0]} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
  }
}

/** Of an installed package. */
export function packageVersion(name: string): string {
  const file = join(import.meta.dirname, '..', 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
