/**
 * Another payload in the place of a letter's. It is not published: it would come behind the later events of its key, and to every
 * subscription. The letter is kept once more, with the new payload, and run where it stands.
 *
 * First the record, then the entry that asks for it. A crash between the two leaves the letter dead with its new payload; the same call
 * again finds that out by the event's id, which is made of the letter and the payload, and only asks.
 * @module
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { maskedField, unmasked, type CompiledEvent } from '../config/index.ts'
import {
  decodeEvent,
  encodeEvent,
  EventUnknownType,
  validatePayload,
  type EncodedEvent,
  type VeltrixEvent,
} from '../event/index.ts'
import { append, checkReason, newBatch, state, type Desk } from './desk.ts'
import { DeadLetterRequestInvalid, DeadLetterUnknown } from './errors.ts'
import type { IndexedLetter } from './letter.ts'
import { originalRecord, type KeptLetter } from './letter-record.ts'
import { replacementRecord } from './replacement-record.ts'

export interface ReplaceOptions {
  /** The whole payload. Where it still holds the mask of a secret field, the value stays. Checked by the schema like a publish. */
  readonly data: unknown
  /** Why, for the audit; 1 to 1,000 characters. */
  readonly reason: string
  /** Say what would happen, change nothing. */
  readonly dryRun?: boolean
}

export interface Replacement {
  /** The letter's id stays. */
  readonly id: string
  /** Id of the event that stands in its place. */
  readonly eventId: string
  /**
   * `would-replace`: a dry run. `requested`: written down for the worker. `follows`: runs by itself once the letters before it are done.
   * `already-redriving`: the same was asked for before.
   */
  readonly outcome: 'would-replace' | 'requested' | 'follows' | 'already-redriving'
  /** The event as it was, and as it is now; secrets included. */
  readonly before: VeltrixEvent
  readonly after: VeltrixEvent
}

/** @throws see {@link DeadLetters.replace} */
export async function replace(desk: Desk, id: string, options: ReplaceOptions): Promise<Replacement> {
  checkReason(options.reason, 'a replacement needs one; say what was wrong with the payload')
  const letter = letterOf(desk, id)
  const kept = await desk.index.kept(letter)
  const before = eventOf(kept)
  const { after, encoded } = await edited(desk, letter, before, options.data)
  const told = { id, eventId: after.id, before, after }
  const isThere = before.id === after.id
  if (letter.status === 'redriving' && isThere) return { ...told, outcome: 'already-redriving' }
  if (letter.status === 'redriving') {
    throw new DeadLetterRequestInvalid('id', 'it is being redriven; replace it when that has failed')
  }
  if (options.dryRun) return { ...told, outcome: 'would-replace' }
  if (!isThere) await keep(desk, letter, kept, encoded)
  const asks = desk.index.headOf(letter).id === id || letter.kind === 'dead'
  const about = { letters: [id], reason: options.reason, batch: newBatch() }
  await state(
    desk,
    { action: 'replaced', event: after.id, ...about },
    ...(asks ? [{ action: 'redrive-requested' as const, ...about }] : []),
  )
  return { ...told, outcome: asks ? 'requested' : 'follows' }
}

function letterOf({ index, sub }: Desk, id: string): IndexedLetter {
  const letter = index.get(id)
  if (letter === undefined) throw new DeadLetterUnknown(sub.name, id)
  return letter
}

function eventOf(kept: KeptLetter): VeltrixEvent {
  try {
    return decodeEvent(originalRecord(kept))
  } catch (error) {
    const problem = `its record is no event, so there is no payload to replace (${(error as Error).message})`
    throw new DeadLetterRequestInvalid('id', problem)
  }
}

/** The event with the new payload, checked. */
async function edited(
  { config, sub }: Desk,
  letter: IndexedLetter,
  before: VeltrixEvent,
  data: unknown,
): Promise<{ after: VeltrixEvent; encoded: EncodedEvent }> {
  const definition = config.events.get(before.type)
  if (!definition) throw new EventUnknownType(before.type, config.events.keys())
  const whole = unmasked(data, before.data, before.type, config)
  const secret = maskedField(whole, before.type, config)
  if (secret !== undefined) {
    const problem = `"${secret}" holds the mask, and there is no one value that it stands for; give the value`
    throw new DeadLetterRequestInvalid('data', problem)
  }
  const output = await validatePayload(definition.schema, whole, before.type)
  checkKey(definition, before, output)
  const limits = { maxBytes: config.publisher.maxEventBytes }
  const { value } = encodeEvent({ ...before, data: output }, limits)
  // Of a payload that was replaced before, the event it came from.
  const cause = (letter.replacedFrom === undefined ? undefined : before.extensions['causationid']) ?? before.id
  const id = idOf([sub.name, letter.id, cause], value)
  const extensions = { ...before.extensions, causationid: cause }
  const after: VeltrixEvent = { ...before, id, extensions, data: output }
  if (id !== before.id && isDeepStrictEqual(output, before.data)) {
    throw new DeadLetterRequestInvalid('data', 'nothing is changed; redrive the letter to run it as it is')
  }
  return { after, encoded: encodeEvent(after, limits) }
}

/** The order of a key is that of its records: what stands in this place must be of this key. */
function checkKey({ key }: CompiledEvent, before: VeltrixEvent, data: unknown): void {
  const after = key(data)
  if (after === before.key || after === keyOrNone(key, before.data)) return
  const problem = `its key would be "${after}" in place of "${before.key}", which breaks the order of both; discard the letter and publish an event instead`
  throw new DeadLetterRequestInvalid('data', problem)
}

/** What was published with a key of its own does not have that of its payload. */
function keyOrNone(key: CompiledEvent['key'], data: unknown): string | undefined {
  try {
    return key(data)
  } catch {
    return undefined
  }
}

/** A UUID (version 8, RFC 9562) of its own for each payload in a letter's place. */
function idOf(letter: readonly string[], payload: Uint8Array): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(['veltrix-replacement', ...letter]))
    .update(payload)
    .digest()
  digest[6] = (digest[6]! & 0x0f) | 0x80
  digest[8] = (digest[8]! & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** @throws DeadLetterUnknown when the letter ended before its replacement was stored: then that is nothing */
async function keep(desk: Desk, letter: IndexedLetter, kept: KeptLetter, event: EncodedEvent): Promise<void> {
  const { log, sub, clock, index } = desk
  await append(desk, [replacementRecord(sub, kept, event, clock.now(), log.features.maxRecordBytes)])
  await index.refresh()
  if (index.get(letter.id) === undefined) {
    throw new DeadLetterUnknown(sub.name, letter.id, 'it was handled or discarded before its replacement was stored')
  }
}
