/**
 * Veltrix's gateway over an app with a critical and a bulk lane, on the embedded log.
 * @module
 */
import { join } from 'node:path'
import { createGateway } from '../../../src/gateway/index.ts'
import { lanesApp } from '../../lanes-app.ts'
import { countOf } from '../count.ts'
import type { Serving } from './serving.ts'

export default (async ({ directory }) => {
  const app = lanesApp(join(directory, 'log'))
  const gateway = createGateway(app, { port: 0 })
  return { url: await gateway.start(), stored: () => countOf(app) }
}) satisfies Serving
