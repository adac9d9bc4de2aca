/**
 * Records of a stream that are no events: what the typed file says they are taken for (`streams.<name>.foreign`).
 * @module
 */
import type { CompiledConfig, CompiledEvent } from '../config/index.ts'
import { adoptRecord, eventType, isForeign, validatePayload, type VeltrixEvent } from '../event/index.ts'
import type { LogRecord } from '../transport/index.ts'
import type { Item } from './item.ts'
import type { PartitionWork } from './partition-work.ts'

export class ForeignRecords {
  /** By stream: the event its foreign records are. */
  private readonly adopted = new Map<string, CompiledEvent>()

  constructor({ streams, events }: Pick<CompiledConfig, 'streams' | 'events'>) {
    for (const { name, adopt } of streams.values()) {
      if (adopt !== undefined) this.adopted.set(name, events.get(adopt)!)
    }
  }

  /** The type of a record of the stream: its own, or the one it is taken for; undefined when it is no event. */
  typeOf(stream: string, record: LogRecord): string | undefined {
    return eventType(record) ?? this.adoptedAs(stream, record)?.type
  }

  /**
   * The event that a record is taken for, its payload checked by the schema of its type: a promise where that is asynchronous;
   * undefined when the record is to be read as it is.
   * @throws EnvelopeInvalid, EventInvalid (or the promise rejects with it)
   */
  adopt({ topic, partition, stream }: PartitionWork, item: Item): VeltrixEvent | Promise<VeltrixEvent> | undefined {
    const record = item.record!
    const as = this.adoptedAs(stream, record)
    if (!as) return undefined
    const event = adoptRecord(record, { type: as.type, topic, partition, offset: item.offset })
    const checked = validatePayload(as.schema, event.data, as.type)
    return checked instanceof Promise ? checked.then((data) => withData(event, data, as)) : withData(event, checked, as)
  }

  private adoptedAs(stream: string, record: LogRecord): CompiledEvent | undefined {
    const as = this.adopted.get(stream)
    return as && isForeign(record) ? as : undefined
  }
}

/** A record without a key has that of its payload. What order is kept by is the record's, so here it is only told. */
function withData(event: VeltrixEvent, data: unknown, { key }: CompiledEvent): VeltrixEvent {
  return { ...event, data, key: event.key === '' ? key(data) : event.key }
}
