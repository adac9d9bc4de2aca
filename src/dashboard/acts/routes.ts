/**
 * Acts on the running system over HTTP: send an event, pause and resume, put a mark on the plots.
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { maskedField } from '../../config/index.ts'
import { runsHere, type DashboardApp } from '../app.ts'
import type { Mark, SendResult } from '../api/index.ts'
import { DashboardRefused } from '../errors.ts'
import { sessionOf } from '../http/guard.ts'
import type { Marks } from '../live/marks.ts'
import type { ActLog } from './act-log.ts'
import { bodyOf, optional, textIn } from './body.ts'

export interface ActRoutesOptions {
  readonly app: DashboardApp
  readonly marks: Marks
  readonly acts: ActLog
}

interface OfSubscription {
  readonly Params: { readonly name: string }
}

const kinds: readonly Mark['kind'][] = ['deploy', 'fault', 'note']
const maxMark = 200

export function actRoutes(server: FastifyInstance, options: ActRoutesOptions): void {
  const { marks, acts } = options
  server.post('/api/events', (request) => send(request, options))
  for (const act of ['pause', 'resume'] as const) {
    server.post<OfSubscription>(`/api/subscriptions/:name/${act}`, (request, reply) =>
      hold(act, request, reply, options),
    )
  }
  server.post('/api/marks', (request, reply) => {
    const { by } = sessionOf(request)
    const body = bodyOf(request, ['text', 'kind'])
    const text = textIn(body, 'text')
    const kind = optional(body, 'kind', textIn) ?? 'note'
    if (!(kinds as readonly string[]).includes(kind) || text.length > maxMark) {
      throw new DashboardRefused(
        'body-invalid',
        `kind is one of ${kinds.join(', ')}; text has at most ${maxMark} characters.`,
      )
    }
    marks.add(kind as Mark['kind'], text)
    acts.tell({ by, act: 'mark', to: `${kind}: ${text}`, reason: undefined })
    return reply.status(204).send()
  })
}

async function send(request: FastifyRequest, { app, acts }: ActRoutesOptions): Promise<SendResult> {
  const { by, rights } = sessionOf(request)
  const body = bodyOf(request, ['type', 'data', 'key', 'lane', 'id'])
  const type = textIn(body, 'type')
  const { data } = body
  if (!rights.mayPublish(type, app.config.source)) {
    throw new DashboardRefused('not-allowed', `This session has no right to publish ${JSON.stringify(type)}.`)
  }
  const secret = maskedField(data, type, app.config)
  if (secret !== undefined) {
    throw new DashboardRefused('event-invalid', `${secret} holds the mask, which is not its value: give the value.`)
  }
  const [key, lane, id] = [optional(body, 'key', textIn), optional(body, 'lane', textIn), optional(body, 'id', textIn)]
  const result = await app.publish(type as never, data as never, {
    ...(key === undefined ? {} : { key }),
    ...(lane === undefined ? {} : { lane }),
    ...(id === undefined ? {} : { id }),
  })
  const { topic, partition, offset } = result
  acts.tell({ by, act: 'publish', to: `${type} ${result.id} at ${topic}/${partition}/${offset}`, reason: undefined })
  return { id: result.id, topic, partition, offset }
}

function hold(
  act: 'pause' | 'resume',
  request: FastifyRequest<OfSubscription>,
  reply: FastifyReply,
  { app, acts }: ActRoutesOptions,
): FastifyReply {
  const { by, rights } = sessionOf(request)
  const { name } = request.params
  const { config } = app
  const subscription = config.subscriptions.get(name)
  if (subscription === undefined)
    throw new DashboardRefused('not-found', `There is no subscription ${JSON.stringify(name)}.`)
  if (!rights.mayPause(subscription.events)) {
    throw new DashboardRefused('not-allowed', `This session has no right to pause ${name}.`)
  }
  const body = request.body === undefined || request.body === null ? {} : bodyOf(request, ['lane'])
  const lane = optional(body, 'lane', textIn)
  if (lane !== undefined && !config.lanes.some((each) => each.name === lane)) {
    throw new DashboardRefused('body-invalid', `There is no lane ${JSON.stringify(lane)}.`)
  }
  const isHere = runsHere(app) && app.status().some((status) => status.subscription === name)
  if (!isHere) {
    throw new DashboardRefused(
      'elsewhere',
      `${name} does not run in this process: ask the dashboard of the process that runs it.`,
    )
  }
  app[act](name as never, (lane === undefined ? {} : { lane }) as never)
  acts.tell({ by, act, to: lane === undefined ? name : `${name}, lane ${lane}`, reason: undefined })
  return reply.status(204).send()
}
