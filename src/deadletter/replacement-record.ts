/**
 * The record that puts another event in the place of a letter's.
 * @module
 */
import type { CompiledSubscription } from '../config/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import type { AppendRecord } from '../transport/index.ts'
import { deadHeaders } from './headers.ts'
import { ownHeaders, recordBytes, type KeptLetter } from './letter-record.ts'
import { maxStoryBytes, readStory, shortenStory } from './story.ts'

/**
 * The letter `kept` once more, with the payload and the attributes of `event`: same key, same failure, same place in its key's order.
 * Headers that are not the event's stay.
 * @param at its timestamp: retention counts from there anew
 * @param maxRecordBytes the story is shortened to stay below it, the event never
 */
export function replacementRecord(
  sub: CompiledSubscription,
  kept: KeptLetter,
  event: EncodedEvent,
  at: number,
  maxRecordBytes = Infinity,
): AppendRecord {
  const written = new Set(event.headers.map(([name]) => name))
  const others = kept.headers.filter(([name]) => !written.has(name) && !written.has(name.toLowerCase()))
  const own = ownHeaders(sub.name, kept)
  own.push([deadHeaders.replacedFrom, String(kept.replacedFrom ?? kept.deadOffset)])
  const count = [deadHeaders.count, String(own.length + (kept.storyJson === undefined ? 1 : 2))] as const
  const without = [...event.headers, ...others, ...own, count]
  const room = maxRecordBytes - recordBytes(kept.key, event.value, [...without, [deadHeaders.error, '']])
  const story = kept.storyJson === undefined ? [] : [[deadHeaders.error, fitting(kept.storyJson, room)] as const]
  return {
    topic: sub.deadTopic,
    partition: 0,
    key: kept.key,
    value: event.value,
    headers: [...event.headers, ...others, ...own, ...story, count],
    timestamp: at,
  }
}

function fitting(storyJson: string, room: number): string {
  if (Buffer.byteLength(storyJson) <= room) return storyJson
  const story = readStory(storyJson)
  return story === undefined ? '' : JSON.stringify(shortenStory(story, Math.min(room, maxStoryBytes)))
}
