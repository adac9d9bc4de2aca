/**
 * What people call the log of an app.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import { shown } from './app-module.ts'

/** `embedded log .veltrix`, or the name of another transport. */
export function placeOf({ transport }: Pick<CompiledConfig, 'transport'>, cwd: string): string {
  if (transport === 'embedded') return 'embedded log .veltrix'
  const { name, directory } = transport as typeof transport & { readonly directory?: string }
  return directory === undefined ? name : `${name} log ${shown(directory, cwd)}`
}
