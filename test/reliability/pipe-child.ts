/**
 * The process that the tests of pipes kill: an application whose handlers publish with `exactlyOnce`. Says a dot for each event.
 * @module
 */
import { veltrix } from '../../src/index.ts'
import { pipeConfig, transportOf } from './pipe.ts'

const [app, kind, place] = process.argv.slice(2) as [string, 'embedded' | 'kafka', string]
const pipe = veltrix(pipeConfig(app), { transport: transportOf(kind, place) }).handle(
  'sub',
  'step',
  async (step, ctx) => {
    const { key, n } = step.data
    await ctx.publish('made', { key, n })
    await new Promise((resolve) => setTimeout(resolve, 1 + (n % 3)))
    // What the first attempt published is dropped.
    if (n % 11 === 0 && ctx.attempt === 1) throw new Error('again')
    process.stdout.write('.')
  },
)
await pipe.run()
