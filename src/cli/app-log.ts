/**
 * Which log an application has, without its handlers.
 * @module
 */
import { resolve } from 'node:path'
import type { CompiledConfig } from '../config/index.ts'
import type { Transport } from '../transport/index.ts'

/** Where the embedded log lies; undefined for another transport. */
export function directoryOf({ transport }: CompiledConfig, cwd: string): string | undefined {
  if (transport === 'embedded') return resolve(cwd, '.veltrix')
  return (transport as Transport & { readonly directory?: string }).directory
}

export async function transportOf({ transport }: CompiledConfig): Promise<Transport> {
  if (transport !== 'embedded') return transport
  return (await import('../transport/embedded/index.ts')).embedded()
}
