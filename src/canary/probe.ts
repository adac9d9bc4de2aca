/**
 * What a probe is as a record.
 * @module
 */
import type { AppendRecord, LogRecord, TopicPartition } from '../transport/index.ts'

export interface Probe {
  /** Of the canary that sent it: several may use the same topics. */
  readonly run: string
  /** Counts the probes of a run and partition from 1. */
  readonly number: number
}

export function probeRecord({ topic, partition }: TopicPartition, { run, number }: Probe, now: number): AppendRecord {
  const value = new TextEncoder().encode(JSON.stringify({ run, number }))
  return { topic, partition, key: null, value, headers: [], timestamp: now }
}

/** Undefined for what is no probe: anybody may write to a topic. */
export function probeIn({ value }: LogRecord): Probe | undefined {
  if (value === null) return undefined
  try {
    const { run, number } = JSON.parse(new TextDecoder().decode(value)) as Partial<Probe>
    return typeof run === 'string' && Number.isSafeInteger(number) ? { run, number: number! } : undefined
  } catch {
    return undefined
  }
}
