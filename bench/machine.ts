/**
 * What the figures were measured on: versions and sizes, no names of the machine.
 * @module
 */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'

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
