/**
 * One side doing one thing: told by a message, answers with one.
 * @module
 */
import { once } from 'node:events'
import type { Asked } from './side.ts'
import { loadSide } from './sides/index.ts'
import type { Side } from './task.ts'

// Whoever asked is gone: nobody wants the answer.
process.once('disconnect', () => process.exit(1))
const [{ side: name, job, task }] = (await once(process, 'message')) as [Asked]
const side: Side = await loadSide(name)
const perform = side[job] as ((task: Asked['task']) => Promise<unknown>) | undefined
if (perform === undefined) throw new Error(`${name} does not do ${job}.`)
const figures = await perform.call(side, task)
// Clients leave timers behind.
process.send!(figures, () => process.exit(0))
