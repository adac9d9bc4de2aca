/**
 * Acting on dead letters over HTTP: redrive, stop, discard, replace.
 * @module
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CompiledConfig } from '../../config/index.ts'
import type { DryRun, Redrive, SendResult } from '../api/index.ts'
import type { ActLog } from '../acts/act-log.ts'
import { bodyOf, optional, textIn } from '../acts/body.ts'
import { DashboardRefused } from '../errors.ts'
import { sessionOf } from '../http/guard.ts'
import type { Letters } from './letters.ts'
import type { Redrives } from './redrives.ts'
import { dryRunView, figuresOf, selectionOf } from './views.ts'

export interface LetterActsOptions {
  readonly letters: Letters
  readonly redrives: Redrives
  readonly config: CompiledConfig
  readonly acts: ActLog
}

interface OfSubscription {
  readonly Params: { readonly subscription: string; readonly id: string }
}

const defaultRate = 100

export function letterActs(server: FastifyInstance, options: LetterActsOptions): void {
  const { letters, redrives, acts } = options
  server.post<OfSubscription>('/api/dead/:subscription/redrive', async (request): Promise<Redrive | DryRun> => {
    const { subscription } = request.params
    const by = actor(request, subscription, options)
    const body = bodyOf(request, ['selection', 'rate', 'reason', 'dryRun'])
    const selection = selectionOf(body['selection'])
    const reason = optional(body, 'reason', textIn)
    const rate = optional(body, 'rate', numberIn) ?? defaultRate
    if (isDry(body)) return dryRunView(await letters.desk.dryRun(subscription, 'redrive', selection))
    const redrive = await redrives.begin({ subscription, selection, rate, reason, by })
    acts.tell({ by, act: 'redrive', to: `${subscription}: ${redrive.total} letters`, reason })
    return redrive
  })
  server.get('/api/redrives', () => redrives.all)
  server.post<OfSubscription>('/api/redrives/:id/stop', async (request): Promise<Redrive> => {
    const { id } = request.params
    const found = redrives.all.find((each) => each.id === id)
    if (found === undefined) throw new DashboardRefused('not-found', 'This server knows no such redrive.')
    const by = actor(request, found.subscription, options)
    acts.tell({ by, act: 'stop', to: `${found.subscription}: redrive ${id}`, reason: undefined })
    return redrives.stop(id)
  })
  server.post<OfSubscription>('/api/dead/:subscription/discard', async (request): Promise<DryRun> => {
    const { subscription } = request.params
    const by = actor(request, subscription, options)
    const body = bodyOf(request, ['selection', 'reason', 'dryRun'])
    const reason = textIn(body, 'reason')
    const selection = selectionOf(body['selection'])
    if (isDry(body)) return dryRunView(await letters.desk.dryRun(subscription, 'discard', selection))
    const done = figuresOf(await letters.desk.as(by).discard(subscription, selection, { reason }))
    acts.tell({ by, act: 'discard', to: `${subscription}: ${done.outcomes['discarded'] ?? 0} letters`, reason })
    return done
  })
  server.post<OfSubscription>('/api/dead/:subscription/letters/:id/replace', async (request): Promise<SendResult> => {
    const { subscription, id } = request.params
    const by = actor(request, subscription, options)
    const body = bodyOf(request, ['data', 'reason'])
    const reason = textIn(body, 'reason')
    const { eventId } = await letters.desk.as(by).replace(subscription, id, { data: body['data'], reason })
    acts.tell({ by, act: 'replace', to: `${subscription}: ${id}`, reason })
    const [topic, partition, offset] = id.split('/') as [string, string, string]
    return { id: eventId, topic, partition: Number(partition), offset: Number(offset) }
  })
}

/** Who acts. @throws DashboardRefused unless the session may act on every type of the subscription */
function actor(request: FastifyRequest, subscription: string, { letters, config }: LetterActsOptions): string {
  const session = sessionOf(request)
  letters.check(subscription)
  if (session.rights.mayRedrive(config.subscriptions.get(subscription)!.events)) return session.by
  throw new DashboardRefused('not-allowed', `This session has no right to redrive the letters of ${subscription}.`)
}

function isDry(body: Readonly<Record<string, unknown>>): boolean {
  const { dryRun = false } = body
  if (typeof dryRun === 'boolean') return dryRun
  throw new DashboardRefused('body-invalid', 'dryRun must be true or false.')
}

function numberIn(body: Readonly<Record<string, unknown>>, name: string): number {
  const value = body[name]
  if (typeof value === 'number') return value
  throw new DashboardRefused('body-invalid', `${name} must be a number.`)
}
