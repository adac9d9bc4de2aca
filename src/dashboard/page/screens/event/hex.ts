/**
 * Bytes as sixteen in a line: offset, hexadecimal, and the letters they may be.
 * @module
 */
const mostBytes = 16 * 1024

export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, mostBytes); at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const pairs = row.map((byte) => byte.toString(16).padStart(2, '0'))
    const halves = [pairs.slice(0, 8).join(' '), pairs.slice(8).join(' ')].join('  ')
    const letters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${halves.padEnd(48)}  ${letters}`)
  }
  if (bytes.length > mostBytes) lines.push(`… and ${bytes.length - mostBytes} bytes more`)
  return lines.join('\n')
}
