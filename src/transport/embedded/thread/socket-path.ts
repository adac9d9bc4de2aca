/**
 * Where the owner of a directory listens.
 * @module
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LogUnwritable } from '../../index.ts'

/** Unix socket names are limited to about 104 bytes. */
const longestSocketPath = 100

/**
 * The socket in the directory; one in a private folder of the temporary directory when the path is too long; a named pipe on Windows.
 * @throws LogUnwritable when that private folder is somebody else's
 */
export function socketPath(directory: string): string {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\veltrix-${name}`
  const inside = join(directory, 'owner.sock')
  return Buffer.byteLength(inside) <= longestSocketPath ? inside : join(privateFolder(), `${name}.sock`)
}

/**
 * A folder that only this user can enter. Its name can be guessed, so another user may have made it first: then nobody
 * must listen there, nor connect.
 */
export function privateFolder(base: string = tmpdir()): string {
  const user = process.getuid!()
  const folder = join(base, `veltrix-${user}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  if (lstatSync(folder).isDirectory() && uid === user && (mode & 0o077) === 0) return folder
  throw new LogUnwritable(
    `${folder} must be a directory of user ${user} that nobody else can enter (mode 0700); the log's socket goes there, because its own directory has a long path. Remove it, or use a directory with a path below ${longestSocketPath - 11} bytes.`,
  )
}
