/**
 * Where the owner of a directory listens.
 * @module
 */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Unix socket names are limited to about 104 bytes. */
const longestSocketPath = 100

/** The socket in the directory; one in the temporary directory when the path is too long; a named pipe on Windows. */
export function socketPath(directory: string): string {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\veltrix-${name}`
  const inside = join(directory, 'owner.sock')
  return Buffer.byteLength(inside) <= longestSocketPath ? inside : join(tmpdir(), `veltrix-${name}.sock`)
}
