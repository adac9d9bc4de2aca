/**
 * The client's errors as errors of the contract, each with what was being done and the client's own error as its cause.
 * @module
 */
import { isVeltrixError } from '../../errors.ts'
import {
  Fenced,
  LogUnavailable,
  LogUnwritable,
  LogVersionMismatch,
  MetadataTooLarge,
  NotAuthenticated,
  OffsetOutOfRange,
  TopicUnknown,
} from '../index.ts'
import type { Client } from './client.ts'
import { notAuthorized, type Needs } from './access.ts'
import { code } from './error-codes.ts'

/** What an answer of a broker says went wrong. */
interface Trouble {
  readonly apiCode: number
  readonly apiId: string
  readonly serverErrorMessage?: string | null
}

/** The first error that a broker's answer carries, when `error` is about an answer. */
export function troubleOf(error: unknown): Trouble | undefined {
  const shape = error as Partial<Trouble> & { errors?: readonly unknown[]; cause?: unknown }
  if (typeof shape?.apiCode === 'number') return shape as Trouble
  for (const inner of shape?.errors ?? []) {
    const found = troubleOf(inner)
    if (found !== undefined) return found
  }
  return shape?.cause === undefined ? undefined : troubleOf(shape.cause)
}

/** The answer itself, where the client rejects because of an error in one of its parts; throws what is no such error. */
export async function answerOf<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked
  } catch (error) {
    const { response } = error as { response?: Answer }
    if (response === undefined) throw error
    return response
  }
}

/** Whether no answer came in time. By class: the client gives its time-outs the code of its network errors. */
export function isTimeout(client: Client, error: unknown): boolean {
  if (error instanceof client.TimeoutError) return true
  const { cause } = error as { cause?: unknown }
  return cause !== undefined && isTimeout(client, cause)
}

/**
 * @param doing what was tried, as in "append to orders/3"
 * @param needs rights it takes
 */
export function toTransportError(error: unknown, doing: string, needs?: Needs): Error {
  if (isVeltrixError(error)) return error
  const trouble = troubleOf(error)
  if (trouble !== undefined) return errorOfCode(trouble.apiCode, doing, { needs, cause: error as Error, trouble })
  return new LogUnavailable(`Could not ${doing}: ${reasonOf(error)}`, { cause: error })
}

interface Circumstances {
  /** The one it is about, where not being there is an error of the caller. */
  readonly topic?: string | undefined
  readonly needs?: Needs | undefined
  readonly cause?: Error | undefined
  readonly trouble?: Trouble | undefined
}

/** Kafka's number of an error as an error of the contract. */
export function errorOfCode(
  errorCode: number,
  doing: string,
  { topic, needs = {}, cause, trouble }: Circumstances = {},
): Error {
  const options = cause === undefined ? undefined : { cause }
  const said = trouble?.serverErrorMessage ?? trouble?.apiId ?? `Kafka's error ${errorCode}`
  const lacking = notAuthorized(errorCode, doing, needs, options)
  if (lacking !== undefined) return lacking
  switch (errorCode) {
    case code.unknownTopic:
      return topic === undefined
        ? new LogUnavailable(`Could not ${doing}: ${said}.`, options)
        : new TopicUnknown(topic, options)
    case code.saslFailed:
      return new NotAuthenticated(`Could not ${doing}: ${said}. Check kafka({ sasl }).`, options)
    case code.offsetOutOfRange:
      return new OffsetOutOfRange(`Could not ${doing}: the offset is above the end of the partition.`, options)
    case code.metadataTooLarge:
      return new MetadataTooLarge(
        `Could not ${doing}: the broker's offset.metadata.max.bytes is lower than its default of 4096. Set it back.`,
        options,
      )
    case code.unknownMember:
    case code.illegalGeneration:
    case code.fencedInstanceId:
    case code.fencedMemberEpoch:
    case code.staleMemberEpoch:
      return new Fenced(`Could not ${doing}: the group has gone on without this member.`, options)
    case code.unsupportedVersion:
      return new LogVersionMismatch(
        `Could not ${doing}: the broker does not know this request, or has it switched off.`,
        options,
      )
    case code.invalidReplicationFactor:
      return new LogUnwritable(
        `Could not ${doing}: ${said} Start more brokers, or ask for fewer copies with kafka({ replicationFactor }).`,
        options,
      )
    case code.storageError:
      return new LogUnavailable(`Could not ${doing}: the disk of the broker failed or is full (${said}).`, options)
    case code.notEnoughReplicas:
      return new LogUnavailable(
        `Could not ${doing}: fewer copies are in sync than min.insync.replicas of the topic asks for (${said}). Brokers are down, or lag behind.`,
        options,
      )
    default:
      return new LogUnavailable(`Could not ${doing}: ${said}.`, options)
  }
}

/** Why a connection could not be made or was lost, in words that say what to look at. */
export function reasonOf(error: unknown): string {
  const messages: string[] = []
  for (let each = error as Error | undefined; each instanceof Error; each = each.cause as Error | undefined) {
    messages.push(each.message)
  }
  const all = messages.join(': ')
  if (/Broker requires TLS/.test(all)) return 'the broker speaks TLS on this port. Set kafka({ ssl: true }).'
  if (/TLS handshake failed|wrong version number|packet length too long|before secure TLS/i.test(all)) {
    return 'the broker does not speak TLS on this port. Leave kafka({ ssl }) out, or use its TLS port.'
  }
  if (/ECONNREFUSED/.test(all))
    return 'nothing listens there (ECONNREFUSED). Is the broker running, and the port right?'
  if (/ENOTFOUND|EAI_AGAIN/.test(all)) return 'the host name is not known. Check kafka({ brokers }).'
  if (/Connection closed/.test(all)) {
    return 'the broker ended the connection. If it wants TLS or SASL on this port, set kafka({ ssl }) or kafka({ sasl }).'
  }
  if (/correlation/i.test(all)) return 'what answers there is no Kafka broker. Check the port in kafka({ brokers }).'
  return all === '' ? String(error) : all
}
