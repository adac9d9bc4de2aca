/**
 * Why a letter is one, in words.
 * @module
 */
const words: Readonly<Record<string, string>> = {
  'parked-behind': 'Waits behind a dead letter of its key',
}

export function reasonInWords(reason: string): string {
  return words[reason] ?? reason
}
