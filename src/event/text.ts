/**
 * Bytes and text, without copying the bytes.
 * @module
 */
import { isUtf8 } from 'node:buffer'

/** UTF-8 bytes as text; malformed sequences become U+FFFD. */
export function utf8Text(bytes: Uint8Array): string {
  if (bytes instanceof Buffer) return bytes.toString()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

/** UTF-8 bytes as text; `undefined` when they are not UTF-8. */
export function strictText(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? utf8Text(bytes) : undefined
}

/**
 * A record's key as text, for keeping order by it. No key gives `''`; malformed bytes give U+FFFD, so that at worst two keys share one order.
 */
export function keyText(key: Uint8Array | null): string {
  return key === null ? '' : utf8Text(key)
}
