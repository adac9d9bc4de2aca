/**
 * The file that says who may use a gateway.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AccessOptions } from '../../gateway/index.ts'
import { importModule, shown } from '../app-module.ts'
import { UsageInvalid } from '../errors.ts'
import type { Shell } from '../shell.ts'

/**
 * What is in `place`: a JSON file, or a module's default export. Its content is checked by the gateway.
 * @param time how often it was read before: a module is loaded anew then, those that it imports are not
 * @throws UsageInvalid, AppNotFound
 */
export async function accessIn(place: string, shell: Pick<Shell, 'cwd'>, time = 0): Promise<AccessOptions> {
  const file = resolve(shell.cwd, place)
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UsageInvalid(`--access: ${shown(file, shell.cwd)} cannot be read: ${cause.message}.`, { cause })
  })
  if (file.endsWith('.json')) return parsed(text, shown(file, shell.cwd))
  const { default: exported } = await importModule(file, time)
  if (exported === undefined) {
    throw new UsageInvalid(
      `--access: ${shown(file, shell.cwd)} has no default export. Write \`export default { keys: … }\`.`,
    )
  }
  return exported as AccessOptions
}

/** The parser's own message shows what is in the file, and that may be a secret. */
function parsed(text: string, name: string): AccessOptions {
  try {
    return JSON.parse(text) as AccessOptions
  } catch {
    throw new UsageInvalid(`--access: ${name} is not JSON.`)
  }
}
