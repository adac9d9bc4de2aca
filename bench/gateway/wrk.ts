/**
 * The load: wrk, in a process of its own, every connection sending its next request when the last one is answered. What it tells is
 * throughput; latencies of such a closed loop are not reported (they leave out the requests that were not sent meanwhile).
 * @module
 */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Load {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Events of a request; 1 is binary mode, more are batched mode. */
  readonly batch: number
  /** How ids begin; no two loads on one log have the same. */
  readonly ids: string
  /** Of the events; default `thing.done`. */
  readonly type?: string
}

export interface Told {
  readonly requests: number
  readonly durationUs: number
  /** Refused, or without an answer. */
  readonly failed: number
}

/** wrk's version; undefined where it is missing. */
export function wrkVersion(): string | undefined {
  // It prints its version with its usage, and calls that a failure.
  const { stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' })
  return (stdout as string | null) === null ? undefined : /^wrk (?:debian\/)?([^\s[]+)/.exec(stdout)?.[1]
}

/** Answered events per second. @throws when a request failed: a benchmark of refusals is none */
export async function eventRate(load: Load): Promise<number> {
  const { requests, durationUs, failed } = await sent(load)
  if (failed > 0) throw new Error(`${failed} of ${requests} requests failed.`)
  return (requests * load.batch) / (durationUs / 1e6)
}

/** Sends, whatever the answers are. */
export async function sent({ url, connections, seconds, batch, ids, type = 'thing.done' }: Load): Promise<Told> {
  const script = join(import.meta.dirname, 'publish.lua')
  const usual = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', script, url]
  const { stdout } = await promisify(execFile)('wrk', [...usual, '--', ids, String(batch), type])
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Told
}
