/**
 * The same gateway over an app that answers without storing: what reading, checking and answering cost on their own.
 * @module
 */
import { join } from 'node:path'
import { createGateway } from '../../../src/gateway/index.ts'
import { streamApp } from '../../stream-app.ts'
import type { Serving } from './serving.ts'

const stored = { duplicate: false } as never

export default (async ({ directory }) => {
  const app = streamApp(join(directory, 'log'))
  const answering = {
    config: app.config,
    // Open, as the other has it; nothing is written.
    open: () => app.open(),
    publish: () => Promise.resolve(stored),
    publishMany: (items: readonly never[]) =>
      Promise.resolve(items.map(() => ({ ok: true, duplicate: false }) as never)),
  }
  const gateway = createGateway(answering, { port: 0 })
  return { url: await gateway.start(), stored: () => Promise.resolve(undefined) }
}) satisfies Serving
