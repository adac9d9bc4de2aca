/**
 * Where the process that keeps a cluster listens for what it is asked.
 * @module
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Unix socket names are limited to about 104 bytes. */
const longestSocketPath = 100

/**
 * A socket in the directory; one in a private folder of the temporary directory when the path is too long; a named pipe on Windows.
 * @throws Error when that private folder is somebody else's
 */
export function controlPath(directory: string): string {
  const name = createHash('sha256').update(`cluster ${directory}`).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\veltrix-${name}`
  const inside = join(directory, 'control.sock')
  return Buffer.byteLength(inside) <= longestSocketPath ? inside : join(privateFolder(), `${name}.sock`)
}

/** Its name can be guessed: another user may have made it first, and must not be the one who is asked. */
function privateFolder(): string {
  const user = process.getuid!()
  const folder = join(tmpdir(), `veltrix-${user}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  if (found.isDirectory() && found.uid === user && (found.mode & 0o077) === 0) return folder
  throw new Error(`${folder} must be a directory of user ${user} that nobody else can enter (mode 0700). Remove it.`)
}
