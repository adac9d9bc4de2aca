/**
 * Which event a channel message is about.
 * @module
 */
import type { EventNote } from '../channels.ts'
import { headerNames, type VeltrixEvent } from '../event/index.ts'
import type { Item, KeyQueue } from './item.ts'
import type { PartitionWork } from './partition-work.ts'

/** @param event the decoded event, when there is one: saves reading headers again */
export function noteOf(
  subscription: string,
  lane: string,
  work: Pick<PartitionWork, 'topic' | 'partition' | 'stream'>,
  item: { readonly offset: number; readonly queue: Pick<KeyQueue, 'key'>; readonly record: Item['record'] },
  event?: VeltrixEvent,
): EventNote {
  return {
    subscription,
    lane,
    stream: work.stream,
    topic: work.topic,
    partition: work.partition,
    offset: item.offset,
    key: item.queue.key,
    type: event?.type ?? item.record?.headers.text(headerNames.type) ?? '',
    id: event?.id ?? item.record?.headers.text(headerNames.id) ?? '',
  }
}
