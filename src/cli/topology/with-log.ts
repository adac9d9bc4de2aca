/**
 * An application's log, opened without making a topic: plans are made of what is there.
 * @module
 */
import { hostname } from 'node:os'
import type { CompiledConfig } from '../../config/index.ts'
import type { Log } from '../../transport/index.ts'
import { transportOf } from '../app-log.ts'
import { loadApp } from '../app-module.ts'
import type { Shell } from '../shell.ts'

export interface OpenedLog {
  readonly log: Log
  readonly config: CompiledConfig
  /** Who this is, for the lock and the ledger. */
  readonly by: string
}

/** @throws AppNotFound, ConfigInvalid, and the transport's errors */
export async function withLog<T>(
  place: string | undefined,
  shell: Shell,
  work: (opened: OpenedLog) => Promise<T>,
): Promise<T> {
  const { app, config } = await loadApp(place, shell)
  const by = `${config.app}@${hostname()}:${process.pid}`
  try {
    const transport = await transportOf(config)
    const log = await transport.open({ clock: shell.clock, clientId: by })
    try {
      return await work({ log, config, by })
    } finally {
      await log.close()
    }
  } finally {
    await app.stop()
  }
}
