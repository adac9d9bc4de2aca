/**
 * Bugs put between the worker and its surroundings on purpose: each makes it break a promise, and the judge has to notice.
 * @module
 */
import type { CompiledConfig } from '../../src/config/index.ts'
import type { InboxStore } from '../../src/inbox/index.ts'
import {
  LogUnavailable,
  type AppendOutcome,
  type AppendRecord,
  type CommitPosition,
  type Consumer,
  type ConsumerListener,
  type FetchedBatch,
  type Log,
  type LogRecord,
} from '../../src/transport/index.ts'
import { Unrecoverable } from '../../src/worker/index.ts'
import { decodeCommitState, encodeCommitState } from '../../src/worker/commit-state.ts'
import { derived } from './derived.ts'
import type { RuleName } from './judge.ts'
import type { Tampering } from './simulated-process.ts'

export interface PlantedBug {
  readonly name: string
  /** The rule it has to be found by. */
  readonly rule: RuleName
  readonly tampering: Tampering
}

/** A log whose consumers are changed. */
function withConsumer(log: Log, change: (consumer: Consumer) => Partial<Consumer>): Log {
  return derived(log, {
    consume: async (options) => {
      const consumer = await log.consume(options)
      return derived(consumer, change(consumer))
    },
  })
}

function withListener(log: Log, change: (listener: ConsumerListener) => Partial<ConsumerListener>): Log {
  return derived(log, {
    consume: (options) => log.consume({ ...options, listener: derived(options.listener, change(options.listener)) }),
  })
}

const positions = (change: (position: CommitPosition) => Partial<CommitPosition>): Tampering => ({
  log: (log) =>
    withConsumer(log, (consumer) => ({
      commit: (list, records) =>
        consumer.commit(
          list.map((position) => ({ ...position, ...change(position) })),
          records,
        ),
    })),
})

const batches = (change: (batch: FetchedBatch) => FetchedBatch): Tampering => ({
  log: (log) =>
    withConsumer(log, (consumer) => ({
      fetch: async (wanted, options) => (await consumer.fetch(wanted, options)).map(change),
    })),
})

const records = (change: (record: LogRecord, index: number) => LogRecord[]): Tampering =>
  batches((batch) => ({ ...batch, records: batch.records.flatMap(change) }))

/** Records of the topics named get no further: the caller is told they were stored. */
function notStored(log: Log, topics: ReadonlySet<string>): Log {
  return derived(log, {
    append: async (list: readonly AppendRecord[]): Promise<readonly AppendOutcome[]> =>
      topics.has(list[0]?.topic ?? '') ? list.map(() => ({ offset: 0 })) : log.append(list),
  })
}

function topicsOf(config: CompiledConfig, name: 'deadTopic' | 'auditTopic'): ReadonlySet<string> {
  return new Set([...config.subscriptions.values()].map((subscription) => subscription[name]))
}

/** What a new owner inherits loses its counts. */
function withoutAttempts({ offset, metadata }: CommitPosition): Partial<CommitPosition> {
  const { clean, reserved, high, entries } = decodeCommitState(offset, metadata)
  const open = [...entries].map((entry) => ({ ...entry, attempts: 0, firstAttemptAt: 0, lastAttemptAt: 0 }))
  return { metadata: encodeCommitState(offset, { clean, reserved, high, open }, Infinity) }
}

/** A reading of dead topics finds nothing, as if nobody had ever looked there. */
function unreadLetters(log: Log, config: CompiledConfig): Log {
  const dead = topicsOf(config, 'deadTopic')
  const offsets: Log['admin']['offsets'] = async (topics) =>
    (await log.admin.offsets(topics)).map((found) => (dead.has(found.topic) ? { ...found, end: 0 } : found))
  return derived(log, {
    admin: derived(log.admin, { offsets }),
    read: (from) => (dead.has(from.topic) ? new Promise(() => {}) : log.read(from)),
  })
}

async function apart(log: Log, consumer: Consumer, list: readonly CommitPosition[], records: readonly AppendRecord[]) {
  if (records.length > 0) await log.append(records)
  await consumer.commit(list)
}

/** Every third commit says what the first said. */
function goingBack(consumer: Consumer): Partial<Consumer> {
  let commits = 0
  const firsts = new Map<string, CommitPosition>()
  return {
    commit: (list, records) => {
      commits++
      for (const one of list) {
        const name = `${one.topic}/${one.partition}`
        if (!firsts.has(name)) firsts.set(name, one)
      }
      const said = commits % 3 === 0 ? list.map((one) => firsts.get(`${one.topic}/${one.partition}`)!) : list
      return consumer.commit(said, records)
    },
  }
}

const nothing = new Uint8Array()

/** A reading of events, not of letters, finds nothing. */
function unreadBefore(log: Log, config: CompiledConfig): Log {
  const letters = new Set([...topicsOf(config, 'deadTopic'), ...topicsOf(config, 'auditTopic')])
  return derived(log, {
    read: async (from) =>
      letters.has(from.topic)
        ? log.read(from)
        : { ...from, records: [], nextOffset: from.offset, endOffset: from.offset },
  })
}

function withId(record: LogRecord, id: string): LogRecord {
  const text = (name: string): string | undefined => (name === 'ce_id' ? id : record.headers.text(name))
  return { ...record, headers: derived(record.headers, { text }) }
}

/** Every effect, whether it is remembered or not. */
function forgetful(inbox: InboxStore<unknown>): InboxStore<unknown> {
  let calls = 0
  return derived(inbox, {
    once: (entry, run) => inbox.once({ ...entry, effect: `${entry.effect}#${++calls}` }, run),
  })
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'commits one too far',
    rule: 'commit ahead',
    tampering: positions(({ offset }) => ({ offset: offset + 1 })),
  },
  {
    name: 'commits what was committed before, now and then',
    rule: 'commit back',
    tampering: { log: (log) => withConsumer(log, goingBack) },
  },
  {
    name: 'keeps attempts in memory only',
    rule: 'attempts',
    tampering: positions(withoutAttempts),
  },
  {
    name: 'drops the metadata when it commits',
    rule: 'attempts',
    tampering: positions(() => ({ metadata: nothing })),
  },
  {
    name: 'ignores the metadata of the owner before',
    rule: 'again',
    tampering: {
      log: (log) =>
        withListener(log, (listener) => ({
          assigned: (list) => listener.assigned(list.map((one) => ({ ...one, metadata: nothing }))),
        })),
    },
  },
  {
    name: 'a handler that returns before it is done',
    rule: 'overlap',
    tampering: {
      handler: (run) => {
        Promise.resolve(run()).catch(() => {})
      },
    },
  },
  {
    name: 'a failure that is swallowed',
    rule: 'commit ahead',
    tampering: {
      handler: async (run) => {
        try {
          await run()
        } catch {
          // That is the bug.
        }
      },
    },
  },
  {
    name: 'a handler that fails after it is done',
    rule: 'again',
    tampering: {
      handler: async (run) => {
        await run()
        throw new Error('planted')
      },
    },
  },
  {
    name: 'what was handled is kept as dead',
    rule: 'kept though handled',
    tampering: {
      handler: async (run) => {
        await run()
        throw new Unrecoverable('planted')
      },
    },
  },
  {
    name: 'dead letters are acknowledged, and not stored',
    rule: 'commit ahead',
    tampering: { log: (log, config) => notStored(log, topicsOf(config, 'deadTopic')) },
  },
  {
    name: 'dead letters are acknowledged before they are stored',
    rule: 'commit ahead',
    tampering: {
      log: (log) =>
        derived(log, {
          append: async (list: readonly AppendRecord[]) => {
            log.append(list).catch(() => {})
            return list.map(() => ({ offset: 0 }))
          },
        }),
    },
  },
  {
    name: 'how letters ended is acknowledged, and not stored',
    rule: 'stuck',
    tampering: { log: (log, config) => notStored(log, topicsOf(config, 'auditTopic')) },
  },
  {
    name: 'an event is kept with another payload',
    rule: 'letter bytes',
    tampering: {
      log: (log, config) => {
        const dead = topicsOf(config, 'deadTopic')
        const value = Buffer.from('{"planted":true}')
        return derived(log, {
          append: (list) => log.append(list.map((record) => (dead.has(record.topic) ? { ...record, value } : record))),
        })
      },
    },
  },
  {
    name: 'nobody reads which keys are parked',
    rule: 'parked order',
    tampering: { log: unreadLetters },
  },
  {
    name: 'records of a fetch come in another order',
    rule: 'commit ahead',
    tampering: batches((batch) => ({ ...batch, records: batch.records.toReversed() })),
  },
  {
    name: 'a record of a fetch is passed over',
    rule: 'commit ahead',
    tampering: records((record, index) => (index === 2 ? [] : [record])),
  },
  {
    name: 'events of one key are taken for those of two',
    rule: 'order',
    tampering: records((record) => [{ ...record, key: Buffer.from(`${String(record.key)}${record.offset % 2}`) }]),
  },
  {
    name: 'a partition is handed over without waiting for its handlers',
    rule: 'overlap',
    tampering: {
      log: (log) =>
        withListener(log, (listener) => ({
          revoked: async (list) => {
            void listener.revoked(list)
          },
        })),
    },
  },
  {
    name: 'a commit that never ends',
    rule: 'stuck',
    tampering: {
      log: (log) =>
        withConsumer(log, (consumer) => {
          let commits = 0
          return { commit: (...all) => (++commits === 5 ? new Promise(() => {}) : consumer.commit(...all)) }
        }),
    },
  },
  {
    name: 'events stored twice are handled twice',
    rule: 'duplicate',
    tampering: { log: (log) => derived(log, { features: { ...log.features, dedupeWindowMs: 1 } }) },
  },
  {
    name: 'a new owner does not know what was stored before it came',
    rule: 'duplicate',
    tampering: { log: unreadBefore },
  },
  {
    name: 'all events are taken for the same one',
    rule: 'commit ahead',
    tampering: records((record) => [withId(record, 'one')]),
  },
  {
    name: 'nobody looks after fetches that get no answer',
    rule: 'stuck',
    tampering: { config: (config) => ({ ...config, worker: { ...config.worker, stallAfterMs: Infinity } }) },
  },
  {
    name: 'an inbox that remembers nothing',
    rule: 'effect twice',
    tampering: { inbox: forgetful },
  },
  {
    name: 'what handlers publish is appended, and then the positions are committed',
    rule: 'output ahead',
    tampering: {
      log: (log) =>
        withConsumer(log, (consumer) => ({ commit: (list, records = []) => apart(log, consumer, list, records) })),
    },
  },
  {
    name: 'positions are committed without what handlers published',
    rule: 'output lost',
    tampering: { log: (log) => withConsumer(log, (consumer) => ({ commit: (list) => consumer.commit(list) })) },
  },
  {
    name: 'a commit that was stored is reported as failed',
    rule: 'output twice',
    tampering: {
      log: (log) =>
        withConsumer(log, (consumer) => ({
          commit: async (list, records) => {
            await consumer.commit(list, records)
            if (records) throw new LogUnavailable('No answer.')
          },
        })),
    },
  },
]
