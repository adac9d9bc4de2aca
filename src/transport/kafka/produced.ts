/**
 * What a broker's answer about one batch means.
 * @module
 */
import { LogUnavailable, RecordTooLarge } from '../index.ts'
import type { Needs } from './access.ts'
import type { ProducePartition } from './answers.ts'
import type { Batch, PartitionQueue } from './append.ts'
import { errorOfCode } from './broker-errors.ts'
import { code, isNotAuthorized, isNotStoredYet } from './error-codes.ts'

export type Verdict =
  | { readonly what: 'stored'; readonly offset: number }
  /** Not stored, and never will be. */
  | { readonly what: 'refused'; readonly error: Error }
  | { readonly what: 'too-large' }
  /** Not stored, because the broker has lost count of this producer. */
  | { readonly what: 'renumber'; readonly error: Error }
  /** It may be stored, and there is no way to find out. */
  | { readonly what: 'unknown'; readonly error: Error }
  | { readonly what: 'retry'; readonly error: Error; readonly uncertain: boolean }

const lostCount = new Set<number>([code.outOfOrderSequence, code.invalidProducerEpoch, code.unknownProducer])
const invalidTimestamp = 32
const invalidRecord = 87

export function judgeProduced(
  answer: ProducePartition | undefined,
  batch: Batch,
  queue: PartitionQueue,
  user: string | undefined,
): Verdict {
  const doing = `append to ${queue.topic}/${queue.partition}`
  if (answer === undefined) {
    return {
      what: 'retry',
      error: new LogUnavailable(`Could not ${doing}: the answer leaves it out.`),
      uncertain: true,
    }
  }
  const { errorCode, errorMessage, baseOffset } = answer
  if (errorCode === code.none && baseOffset >= 0n) return { what: 'stored', offset: Number(baseOffset) }
  const trouble = errorMessage == null ? undefined : { apiCode: errorCode, apiId: '', serverErrorMessage: errorMessage }
  const needs: Needs = { user, topic: ['Write', queue.topic], cluster: ['IdempotentWrite'] }
  const error = errorOfCode(errorCode, doing, { topic: queue.topic, needs, trouble })
  if (errorCode === code.none) return { what: 'unknown', error }
  if (errorCode === code.messageTooLarge || errorCode === code.recordListTooLarge) return { what: 'too-large' }
  if (lostCount.has(errorCode)) return { what: batch.uncertain ? 'unknown' : 'renumber', error }
  if (isNotAuthorized(errorCode) || errorCode === invalidTimestamp || errorCode === invalidRecord) {
    return { what: 'refused', error }
  }
  // A topic that is really gone is found out when its leader is looked for.
  if (errorCode === code.unknownTopic || isNotStoredYet(errorCode)) return { what: 'retry', error, uncertain: false }
  return { what: 'retry', error, uncertain: true }
}

export function tooLarge(bytes: number, limitBytes: number, topic: string): Error {
  return new RecordTooLarge(bytes, limitBytes, `max.message.bytes of the topic "${topic}"`)
}
