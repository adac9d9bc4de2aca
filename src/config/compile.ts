/**
 * The one step from what a team writes to what the rooms read: defaults filled, everything checked, all problems told at once.
 * @module
 */
import { sourceProblem } from '../event/index.ts'
import type { Transport } from '../transport/index.ts'
import type { CompiledConfig } from './compiled.ts'
import { ConfigInvalid } from './errors.ts'
import { compileLanes } from './lanes.ts'
import { checkName } from './names.ts'
import { compilePublisher, compileWorker } from './options.ts'
import { meant, Problems, Section, shown } from './section.ts'
import { compileStreams } from './streams.ts'
import { compileSubscriptions } from './subscriptions.ts'
import { compileTopicDefaults } from './topics.ts'

const options = ['app', 'source', 'lanes', 'streams', 'subscriptions', 'topics', 'publisher', 'worker', 'transport']

/**
 * Checks a definition (of {@link defineVeltrix}, or made at run time) and fills its defaults. Nothing about it is trusted.
 * @throws ConfigInvalid with every problem and its path
 */
export function compile(definition: unknown): CompiledConfig {
  const problems = new Problems()
  if (definition === undefined) {
    throw new ConfigInvalid([{ path: '', message: 'there is none: pass the result of defineVeltrix({ … })' }])
  }
  const root = new Section(definition, '', problems, [...options, 'routes'])
  const app = appOf(root)
  const worker = compileWorker(root)
  const lanes = compileLanes(root, worker.scheduling)
  const topicDefaults = compileTopicDefaults(root)
  const streams = compileStreams(root, app, lanes, topicDefaults)
  const compiled: CompiledConfig = {
    app,
    source: sourceOf(root, app),
    lanes,
    ...streams,
    subscriptions: compileSubscriptions(root, app, streams, topicDefaults),
    publisher: compilePublisher(root),
    worker,
    transport: transportOf(root),
  }
  refuseRoutes(root)
  if (problems.found.length > 0) throw new ConfigInvalid(problems.found)
  return compiled
}

function appOf(root: Section): string {
  const app = root.get('app')
  if (app === undefined) root.wrong('app', 'is missing: the name of the application, prefix of its topics')
  else if (checkName(app, 'app', root.problems)) return app
  return 'app'
}

function sourceOf(root: Section, app: string): string {
  const source = root.get('source')
  if (source === undefined) return `/${app}`
  const problem = sourceProblem(source)
  if (problem !== undefined) root.wrong('source', `${shown(source)} ${problem}`)
  return source as string
}

function transportOf(root: Section): Transport | 'embedded' {
  const transport = root.get('transport')
  if (transport === undefined || transport === 'embedded') return 'embedded'
  if (isTransport(transport)) return transport
  root.wrong(
    'transport',
    typeof transport === 'string'
      ? `there is no transport ${shown(transport)}${meant(transport, ['embedded'])}, or the value a transport's function returns`
      : `${shown(transport)} is neither "embedded" nor the value a transport's function returns, such as embedded({ directory })`,
  )
  return 'embedded'
}

function isTransport(value: unknown): value is Transport {
  try {
    const { name, open, features } = Object(value) as Partial<Transport>
    return typeof name === 'string' && typeof open === 'function' && typeof features === 'object' && features !== null
  } catch {
    return false
  }
}

function refuseRoutes(root: Section): void {
  const routes = root.list('routes')
  if (routes && routes.length > 0) {
    root.wrong(
      'routes',
      'routes are not available yet: choose the lane with event(schema, { lane }) or publish(type, data, { lane })',
    )
  }
}
