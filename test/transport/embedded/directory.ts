/**
 * Fresh log directories for tests, and the embedded log as the conformance suite wants it.
 * @module
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { embedded, type EmbeddedLog, type EmbeddedOptions } from '../../../src/transport/embedded/index.ts'
import type { Log } from '../../../src/transport/index.ts'
import type { TransportHarness } from '../../conformance/transport.ts'

/** A new directory that is removed after the test. */
export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vlx-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}

export async function openLog(directory: string, options: EmbeddedOptions = {}): Promise<EmbeddedLog> {
  return (await embedded({ ...options, directory }).open({
    clock: systemClock,
    clientId: 'test@here:1',
  })) as EmbeddedLog
}

/** Copies the files as they lie there now: what a killed process would leave behind. */
export function crashImage(from: string, to: string): void {
  const left = new Set(['log.db', 'log.db-wal', 'groups.db', 'groups.db-wal'])
  cpSync(from, to, { recursive: true, filter: (path) => path === from || left.has(basename(path)) })
}

export async function embeddedHarness(options: EmbeddedOptions = {}): Promise<TransportHarness> {
  let directory = mkdtempSync(join(tmpdir(), 'vlx-'))
  const all = [directory]
  let open: Log[] = []
  return {
    async open(clientId) {
      const log = await embedded({ ...options, directory }).open({ clock: systemClock, clientId })
      open.push(log)
      return log
    },
    async crash() {
      const image = mkdtempSync(join(tmpdir(), 'vlx-'))
      all.push(image)
      crashImage(directory, image)
      await Promise.all(open.map((log) => log.close()))
      open = []
      directory = image
    },
    retain: (log, now) => (log as EmbeddedLog).admin.retain(now),
    async close() {
      await Promise.all(open.map((log) => log.close()))
      for (const each of all) rmSync(each, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
