#!/usr/bin/env node
/**
 * The `veltrix` command. Nothing of weight is imported before it is known that this Node can read it.
 * @module
 */
import nodeModule from 'node:module'
import { systemClock } from '../clock.ts'
import { leastNode } from './least-node.ts'

if (Number(process.versions.node.split('.')[0]) < leastNode) {
  const message = `veltrix needs Node ${leastNode} or newer; this is ${process.version} (${process.execPath}).`
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code: 'NODE_TOO_OLD', message } }))
  console.error(`error ${message}`)
  process.exit(1)
}

// Compiled modules are kept between starts: the first event is handled sooner. A thread looks for the cache in its environment only.
const { directory } = nodeModule.enableCompileCache()
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory

// The command ends when it says so, not when nothing happens to be pending while it closes its threads.
systemClock.setTimer(2 ** 30, () => undefined)

const { run } = await import('./run.ts')
const { processShell } = await import('./process-shell.ts')

// A user's module may hold connections open; the command is done all the same.
process.exit(await run(process.argv.slice(2), processShell()))
