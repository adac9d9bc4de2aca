/**
 * Dead letters: keep what failed for good, list it, show it, run it again, let it go.
 * @module
 */
export type { AuditAction, AuditEntry, DeadReason, IndexedLetter, Letter, LetterKind, LetterOrigin } from './letter.ts'
export { letterId } from './letter.ts'
export { auditActionHeader, deadHeaders } from './headers.ts'
export { letterOverheadBytes, letterRecord } from './letter-record.ts'
export { auditRecord } from './audit-record.ts'
export { errorStory, maxStoryBytes, type ErrorLink, type ErrorStory } from './story.ts'
export { DeadLetterIndex, type LetterChange, type UnreadableRecord } from './dead-letter-index.ts'
export { DeadLetters, type DeadLettersOptions } from './dead-letters.ts'
export type { LetterCounts } from './counts.ts'
export type { LetterPage, PagedLetter } from './page.ts'
export type { LetterGroup } from './groups.ts'
export type { ParkedKey, ParkedKeys } from './waiting-keys.ts'
export type { ShownLetter } from './show.ts'
export type { LetterResult } from './desk.ts'
export type { LetterFilter, LetterSelection } from './selection.ts'
export type { RedriveOptions, RedriveProgress } from './redrive.ts'
export type { DiscardOptions } from './discard.ts'
export type { ReplaceOptions, Replacement } from './replace.ts'
export { deadLetterTopics } from './topics.ts'
export * from './errors.ts'
