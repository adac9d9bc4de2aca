/**
 * The client package, which is an optional peer: loaded when a log is opened, not before.
 * @module
 */
import type * as Exports from '@platformatic/kafka'
import { LogVersionMismatch } from '../index.ts'

/** Everything the package exports. */
export type Client = typeof Exports
export type { Connection } from '@platformatic/kafka'

/** @throws LogVersionMismatch when the package is not installed, or cannot be loaded */
export async function loadClient(): Promise<Client> {
  try {
    return await import('@platformatic/kafka')
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
    throw new LogVersionMismatch(
      missing
        ? 'The Kafka transport needs the package @platformatic/kafka, which is not installed. Run "npm install @platformatic/kafka@2".'
        : 'The package @platformatic/kafka cannot be loaded. It needs Node 24.6 or newer; see the cause.',
      { cause },
    )
  }
}

/** CRC-32C of bytes. In the client's own wrapping, for it copies every other before it looks at it. */
export function crc32cOf(client: Client): (bytes: Uint8Array) => number {
  return (bytes) => client.crc32c(client.Writer.create().append(bytes as Buffer).dynamicBuffer)
}
