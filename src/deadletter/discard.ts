/**
 * Letting letters go. Nothing is deleted: an audit entry says who decided it, when and why.
 * @module
 */
import { checkReason, choose, idsPerEntry, newBatch, pieces, state, type Desk, type LetterResult } from './desk.ts'
import type { LetterSelection } from './selection.ts'
import { byOrigin } from './order.ts'

export interface DiscardOptions {
  /** Why these events need not be handled; 1 to 1,000 characters. */
  readonly reason: string
  /** Say what would happen, change nothing. */
  readonly dryRun?: boolean
}

/**
 * Discards the selected letters. Of a parked key only the earliest ones can go, without a hole between. A letter that is just
 * being redriven is discarded all the same; its run may still end, but none begins any more.
 * @throws DeadLetterRequestInvalid, LogUnavailable, LogFull
 */
export async function discard(
  desk: Desk,
  selection: LetterSelection,
  options: DiscardOptions,
): Promise<readonly LetterResult[]> {
  checkReason(options.reason, 'a discard needs one; say why these events need not be handled')
  const { letters, refused } = choose(desk, selection)
  // Followers first: were a head gone before them, its worker would run them.
  const ids = [...letters].sort((a, b) => byOrigin(b, a)).map((letter) => letter.id)
  const batch = newBatch()
  if (!options.dryRun) {
    for (const piece of pieces(ids, idsPerEntry)) {
      await state(desk, { action: 'discarded', letters: piece, reason: options.reason, batch })
    }
  }
  const outcome = options.dryRun ? 'would-discard' : 'discarded'
  return [...ids.toReversed().map((id): LetterResult => ({ id, outcome })), ...refused]
}
