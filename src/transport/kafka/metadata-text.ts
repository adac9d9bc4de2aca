/**
 * Bytes as text that Kafka keeps beside a committed offset. Kafka counts it in bytes of UTF-8 and takes 4,096 by default
 * (`offset.metadata.max.bytes`), so seven bits go into every character: 3,500 bytes take 4,001.
 * @module
 */

/** Most bytes of metadata that fit the broker's default. */
export const maxMetadataBytes = 3_500

/** What we wrote begins with it; anything else was committed by another program and is kept as its text. */
const mark = '~'

export function toText(bytes: Uint8Array): string {
  if (bytes.length === 0) return ''
  const packed = Buffer.allocUnsafe(Math.ceil((bytes.length * 8) / 7))
  let held = 0
  let bits = 0
  let at = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 7) {
      bits -= 7
      packed[at++] = (held >> bits) & 0x7f
    }
    held &= (1 << bits) - 1
  }
  if (bits > 0) packed[at++] = (held << (7 - bits)) & 0x7f
  return mark + packed.toString('latin1', 0, at)
}

export function fromText(text: string | null | undefined): Uint8Array {
  if (text == null || text === '') return new Uint8Array()
  if (!text.startsWith(mark)) return new TextEncoder().encode(text)
  const bytes = new Uint8Array(Math.floor(((text.length - 1) * 7) / 8))
  let held = 0
  let bits = 0
  let at = 0
  for (let index = 1; index < text.length; index++) {
    held = (held << 7) | (text.charCodeAt(index) & 0x7f)
    bits += 7
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >> bits
    held &= (1 << bits) - 1
  }
  return bytes
}
