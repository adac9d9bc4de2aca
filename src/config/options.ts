/**
 * Limits of the publisher and the worker.
 * @module
 */
import type { CompiledDedupe, CompiledPublisherOptions, CompiledWorkerOptions } from './compiled.ts'
import { longestTimerMs } from './limits.ts'
import type { Section } from './section.ts'
import { sizeText } from './units.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

export function compilePublisher(root: Section): CompiledPublisherOptions {
  const publisher = root.section('publisher', [
    'maxPendingEvents',
    'maxPendingBytes',
    'whenFull',
    'maxBatchEvents',
    'maxBatchBytes',
    'maxEventBytes',
  ])
  const compiled: CompiledPublisherOptions = {
    maxPendingEvents: publisher.integer('maxPendingEvents', { default: 10_000, min: 1, max: 10_000_000 }),
    maxPendingBytes: publisher.size('maxPendingBytes', { default: 32 * MiB, min: 1024, max: 16 * GiB }),
    whenFull: publisher.choice('whenFull', ['wait', 'reject'], 'wait'),
    maxBatchEvents: publisher.integer('maxBatchEvents', { default: 2000, min: 1, max: 100_000 }),
    maxBatchBytes: publisher.size('maxBatchBytes', { default: MiB, min: 1024, max: 256 * MiB }),
    maxEventBytes: publisher.size('maxEventBytes', { default: MiB, min: 1, max: 256 * MiB }),
  }
  if (compiled.maxEventBytes > compiled.maxPendingBytes) {
    publisher.wrong(
      publisher.has('maxPendingBytes') ? 'maxPendingBytes' : 'maxEventBytes',
      `maxEventBytes (${sizeText(compiled.maxEventBytes)}) is above maxPendingBytes (${sizeText(compiled.maxPendingBytes)}): such an event could never be taken`,
    )
  }
  return compiled
}

export function compileWorker(root: Section): CompiledWorkerOptions {
  const worker = root.section('worker', [
    'scheduling',
    'maxBufferedBytes',
    'maxAheadRecords',
    'commitInterval',
    'drainTimeout',
    'revokeTimeout',
    'sessionTimeout',
    'stallAfter',
    'dedupe',
  ])
  return {
    scheduling: worker.choice('scheduling', ['weighted', 'strict'], 'weighted'),
    maxBufferedBytes: worker.size('maxBufferedBytes', { default: 16 * MiB, min: 64 * 1024, max: 16 * GiB }),
    maxAheadRecords: worker.integer('maxAheadRecords', { default: 10_000, min: 1, max: 10_000_000 }),
    commitIntervalMs: worker.duration('commitInterval', { default: 100, min: 1, max: 60_000 }),
    drainTimeoutMs: worker.duration('drainTimeout', { default: 30_000, min: 0, max: longestTimerMs }),
    revokeTimeoutMs: worker.duration('revokeTimeout', { default: 10_000, min: 0, max: 3_600_000 }),
    sessionTimeoutMs: worker.duration('sessionTimeout', { default: 10_000, min: 100, max: 3_600_000 }),
    stallAfterMs: worker.duration('stallAfter', { default: 60_000, min: 100, max: longestTimerMs }, 'never'),
    dedupe: dedupeOf(worker),
  }
}

function dedupeOf(worker: Section): CompiledDedupe | undefined {
  if (worker.get('dedupe') === false) return undefined
  const dedupe = worker.section('dedupe', ['maxIds', 'always'])
  return {
    maxIds: dedupe.integer('maxIds', { default: 2000, min: 1, max: 1_000_000 }),
    always: dedupe.boolean('always', false),
  }
}
