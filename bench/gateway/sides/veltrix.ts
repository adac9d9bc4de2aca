/**
 * Veltrix's gateway on the embedded log, fsync on.
 * @module
 */
import { join } from 'node:path'
import { createGateway } from '../../../src/gateway/index.ts'
import { streamApp } from '../../stream-app.ts'
import { countOf } from '../count.ts'
import type { Serving } from './serving.ts'

export default (async ({ directory }) => {
  const app = streamApp(join(directory, 'log'))
  const gateway = createGateway(app, { port: 0 })
  return { url: await gateway.start(), stored: () => countOf(app) }
}) satisfies Serving
