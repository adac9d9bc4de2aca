/**
 * The version of the package this command line belongs to.
 * @module
 */
import { readFile } from 'node:fs/promises'

/** From the package's own `package.json`, two directories up both from `src/cli` and from `dist/cli`. */
export async function version(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
