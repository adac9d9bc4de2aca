/**
 * Errors of every transport. A transport maps its client's own errors to these, keeping them as `cause`.
 * @module
 */
import { VeltrixError } from '../errors.ts'

/** Thrown when a log is used after `close()`, or closed while the call was pending. */
export class LogClosed extends VeltrixError {
  readonly code = 'VLX_LOG_CLOSED'
  readonly retryable = false
}

/** Thrown when stored bytes do not match their checksum, or the file is not what it should be. Nothing altered is ever served. */
export class LogCorrupted extends VeltrixError {
  readonly code = 'VLX_LOG_CORRUPTED'
  readonly retryable = false
  /** The damaged file; on Kafka the batch: its topic, partition and first offset. */
  readonly file: string
  /** @param wayOut where restoring the file is not what helps */
  constructor(file: string, problem: string, options?: ErrorOptions & { readonly wayOut?: string }) {
    const wayOut = options?.wayOut ?? 'Restore it from a copy, or move its directory away to start empty.'
    super(`${options?.wayOut === undefined ? 'The log file ' : ''}${file} is damaged: ${problem}. ${wayOut}`, options)
    this.file = file
  }
}

/** Thrown when the disk (or the log's size limit) has no room. What was not acknowledged is not stored; try again when there is room. */
export class LogFull extends VeltrixError {
  readonly code = 'VLX_LOG_FULL'
  readonly retryable = true
}

/** Thrown when the log cannot be reached now: broker down, owner process gone, connection lost. */
export class LogUnavailable extends VeltrixError {
  readonly code = 'VLX_LOG_UNAVAILABLE'
  readonly retryable = true
}

/** Thrown when the place of the log cannot be written: read-only directory, no permission, not a directory. */
export class LogUnwritable extends VeltrixError {
  readonly code = 'VLX_LOG_UNWRITABLE'
  readonly retryable = false
}

/** Thrown when the log on disk, or the process serving it, was made by an incompatible version. */
export class LogVersionMismatch extends VeltrixError {
  readonly code = 'VLX_LOG_VERSION'
  readonly retryable = false
}

/**
 * Thrown when a broker and this client cannot prove to each other who they are: refused credentials, a certificate that is not trusted,
 * has expired or names another host.
 */
export class NotAuthenticated extends VeltrixError {
  readonly code = 'VLX_NOT_AUTHENTICATED'
  readonly retryable = false
}

/** Thrown when the user of this client lacks a right on the log. The message has the command that grants it. */
export class NotAuthorized extends VeltrixError {
  readonly code = 'VLX_NOT_AUTHORIZED'
  readonly retryable = false
  /** What the right is on: `topic`, `group`, `cluster` or `transactional-id`. */
  readonly resource: string
  /** Its name. */
  readonly resourceName: string
  /** The right, in Kafka's words: `Read`, `Write`, `Create`, ... */
  readonly operation: string
  constructor(message: string, resource: string, resourceName: string, operation: string, options?: ErrorOptions) {
    super(message, options)
    this.resource = resource
    this.resourceName = resourceName
    this.operation = operation
  }
}

/** Thrown when a topic does not exist. */
export class TopicUnknown extends VeltrixError {
  readonly code = 'VLX_TOPIC_UNKNOWN'
  readonly retryable = false
  readonly topic: string
  constructor(topic: string, options?: ErrorOptions) {
    super(`There is no topic "${topic}". Start the application once (it makes its topics), or create it.`, options)
    this.topic = topic
  }
}

/** Thrown when a topic exists with another number of partitions than asked for: changing it would move keys. */
export class TopicMismatch extends VeltrixError {
  readonly code = 'VLX_TOPIC_MISMATCH'
  readonly retryable = false
  readonly topic: string
  readonly existing: number
  readonly wanted: number
  constructor(topic: string, existing: number, wanted: number) {
    super(
      `Topic "${topic}" has ${existing} partitions, the typed file says ${wanted}. Changing the number moves keys between partitions; set it back to ${existing}, or give the stream a new name.`,
    )
    this.topic = topic
    this.existing = existing
    this.wanted = wanted
  }
}

/** Thrown when topics are missing, and making them is left to `veltrix apply`. */
export class TopicsMissing extends VeltrixError {
  readonly code = 'VLX_TOPICS_MISSING'
  readonly retryable = false
  readonly topics: readonly string[]
  constructor(topics: readonly string[]) {
    super(
      `${topics.length === 1 ? 'A topic is' : `${topics.length} topics are`} missing: ${topics.join(', ')}. Run "veltrix apply" as a user who may make topics; createTopics: false keeps the application from doing so.`,
    )
    this.topics = topics
  }
}

/** Thrown when one record is larger than the transport takes. */
export class RecordTooLarge extends VeltrixError {
  readonly code = 'VLX_RECORD_TOO_LARGE'
  readonly retryable = false
  readonly bytes: number
  readonly limitBytes: number
  constructor(bytes: number, limitBytes: number, limitName: string) {
    super(
      `The record has ${bytes} bytes; ${limitName} allows ${limitBytes}. Publish a reference to the payload instead, or raise the limit.`,
    )
    this.bytes = bytes
    this.limitBytes = limitBytes
  }
}

/** Thrown when a read starts above the end of a partition. */
export class OffsetOutOfRange extends VeltrixError {
  readonly code = 'VLX_OFFSET_OUT_OF_RANGE'
  readonly retryable = false
}

/** Thrown when a member commits for a partition that has been given to another: its work there no longer counts. */
export class Fenced extends VeltrixError {
  readonly code = 'VLX_FENCED'
  readonly retryable = false
}

/** Thrown when a static member's instance id was taken over by another process: this one holds nothing any more. */
export class InstanceIdTaken extends VeltrixError {
  readonly code = 'VLX_INSTANCE_ID_TAKEN'
  readonly retryable = false
}

/** Thrown when commit metadata is above `features.maxCommitMetadataBytes`. */
export class MetadataTooLarge extends VeltrixError {
  readonly code = 'VLX_METADATA_TOO_LARGE'
  readonly retryable = false
}

/** Thrown when an id is used again inside the dedupe window with other content (another digest). Nothing was stored: use a new id for new content. */
export class IdConflict extends VeltrixError {
  readonly code = 'VLX_ID_CONFLICT'
  readonly retryable = false
  readonly id: string
  /** Offset of the record that was stored with this id first. */
  readonly offset: number
  constructor(id: string, offset: number) {
    super(
      `The id "${id}" was already used for different content (stored at offset ${offset}). Repeat an event unchanged, or give it a new id.`,
    )
    this.id = id
    this.offset = offset
  }
}
