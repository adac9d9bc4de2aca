/**
 * What is at which path.
 * @module
 */
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../clock.ts'
import { runsHere, type DashboardApp } from './app.ts'
import type { ActLog } from './acts/act-log.ts'
import { actRoutes } from './acts/routes.ts'
import type { Assets } from './assets.ts'
import { DashboardRefused } from './errors.ts'
import type { EventViews } from './events/views.ts'
import { sessionOf, type Guard } from './http/guard.ts'
import { answerAsset, isNavigation, securityHeaders } from './http/pages.ts'
import { letterActs } from './letters/acts.ts'
import type { Letters } from './letters/letters.ts'
import type { Redrives } from './letters/redrives.ts'
import { letterRoutes } from './letters/routes.ts'
import type { Live } from './live/live.ts'
import { problemOfError } from './problems.ts'
import { systemView } from './system.ts'
import type { Tail } from './tail/tail.ts'
import type { Topics } from './topics/topics.ts'

export interface RoutesOptions {
  readonly app: DashboardApp
  readonly letters: Letters
  readonly redrives: Redrives
  readonly acts: ActLog
  readonly topics: Topics
  readonly guard: Guard
  readonly live: Live
  readonly tail: Tail
  readonly events: EventViews
  readonly assets: Assets
  readonly clock: Clock
  readonly place: string
  readonly readOnly: boolean
  readonly gateway: () => string | null
  readonly onFailure: (error: unknown) => void
}

interface AtOffset {
  readonly Params: { readonly topic: string; readonly partition: string; readonly offset: string }
}

export function addRoutes(server: FastifyInstance, options: RoutesOptions): void {
  const { app, guard, live, tail, events, clock } = options
  everyAnswer(server, options)
  guard.watch(server)
  server.post('/session', (request, reply) => guard.begin(request, reply))
  server.delete('/session', (request, reply) => guard.end(request, reply))
  server.get('/api/system', (request) =>
    systemView({
      config: app.config,
      place: options.place,
      inProcess: runsHere(app),
      readOnly: options.readOnly,
      rights: sessionOf(request).rights.shown,
      gateway: options.gateway(),
      now: clock.now(),
    }),
  )
  server.get('/api/live', (request, reply) => live.answer(reply, sessionOf(request)))
  server.get('/api/tail', (request, reply) => tail.answer(request, reply))
  server.get<AtOffset>('/api/events/:topic/:partition/:offset', (request) => {
    const { topic, partition, offset } = request.params
    return events.at(topic, wholeNumber('partition', partition), wholeNumber('offset', offset), sessionOf(request))
  })
  const { letters, redrives, acts, topics } = options
  letterRoutes(server, { letters, config: app.config, events })
  letterActs(server, { letters, redrives, acts, config: app.config })
  actRoutes(server, { app, acts, marks: live.marks })
  server.get('/api/topics', () => topics.view())
  server.get('/api/plan', () => topics.plan())
}

/** Headers, failures, and what is at no path. */
function everyAnswer(server: FastifyInstance, { assets, onFailure }: RoutesOptions): void {
  server.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(securityHeaders)) reply.header(name, value)
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
  server.setErrorHandler((error, _request, reply) => {
    const problem = problemOfError(error)
    if (problem.status === 500) onFailure(error)
    return reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  })
  server.get('/*', async (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const isFile = !path.startsWith('/api/') && path !== '/session'
    const asset = isFile ? await assets.find(path) : undefined
    if (asset !== undefined) return answerAsset(request, reply, asset)
    const page = isFile && isNavigation(request) ? await assets.find('/') : undefined
    if (page !== undefined) return answerAsset(request, reply, page)
    throw new DashboardRefused('not-found', 'There is nothing at this path.')
  })
  server.setNotFoundHandler(() => {
    throw new DashboardRefused('not-found', 'There is nothing at this path for this method.')
  })
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(number)) return number
  throw new DashboardRefused('query-invalid', `The ${name} must be a whole number.`)
}
