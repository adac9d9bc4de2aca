/**
 * Loading an app for one piece of work, and closing it whatever happens.
 * @module
 */
import { loadApp, type LoadedApp } from './app-module.ts'
import type { Shell } from './shell.ts'

/** Gives the loaded app to `work`, then stops it. Its subscriptions are not started. @throws AppNotFound, ConfigInvalid */
export async function withApp<T>(
  place: string | undefined,
  shell: Shell,
  work: (loaded: LoadedApp) => Promise<T>,
): Promise<T> {
  const loaded = await loadApp(place, shell)
  try {
    return await work(loaded)
  } finally {
    await loaded.app.stop()
  }
}
