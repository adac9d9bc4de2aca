/**
 * How many events an app's log holds.
 * @module
 */
import type { veltrix } from '../../src/index.ts'

/** Of logs from which nothing was removed. */
export async function countOf(app: Pick<ReturnType<typeof veltrix>, 'open' | 'config'>): Promise<number> {
  const log = await app.open()
  const topics = [...app.config.streams.values()].flatMap((stream) => [...stream.topics.values()])
  const offsets = await log.admin.offsets(topics)
  return offsets.reduce((sum, { earliest, end }) => sum + end - earliest, 0)
}
