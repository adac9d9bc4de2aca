#!/usr/bin/env node
/**
 * The `veltrix` command.
 * @module
 */
import { enableCompileCache } from 'node:module'

// Compiled modules are kept between starts: the first event is handled sooner.
enableCompileCache()
const { run } = await import('./run.ts')
const { processShell } = await import('./shell.ts')

// A user's module may hold connections open; the command is done all the same.
process.exit(await run(process.argv.slice(2), processShell()))
