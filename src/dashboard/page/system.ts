/**
 * The application this page shows.
 * @module
 */
import type { SystemView } from '../api/index.ts'
import { Cell, useCell } from './cell.ts'
import { serverSays } from './clock.ts'
import { get } from './server.ts'

/** null until it was read. */
export const system = new Cell<SystemView | null>(null)

export async function readSystem(): Promise<void> {
  const view = await get<SystemView>('system')
  serverSays(view.now)
  system.value = view
}

/** Only below `App`, which draws no screen before there is one. */
export function useSystem(): SystemView {
  return useCell(system)!
}
