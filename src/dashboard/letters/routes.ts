/**
 * Dead letters over HTTP.
 * @module
 */
import type { FastifyInstance } from 'fastify'
import type { CompiledConfig } from '../../config/index.ts'
import type { LetterView } from '../api/index.ts'
import { eventViewOfLetter, type EventViews } from '../events/views.ts'
import { sessionOf } from '../http/guard.ts'
import type { Letters } from './letters.ts'
import { auditView, filterOf, groupView, lineOf, pageOf } from './views.ts'

export interface LetterRoutesOptions {
  readonly letters: Letters
  readonly config: CompiledConfig
  readonly events: EventViews
}

interface OfSubscription {
  readonly Params: { readonly subscription: string; readonly id: string }
}

export function letterRoutes(server: FastifyInstance, { letters, events }: LetterRoutesOptions): void {
  server.get<OfSubscription>('/api/dead/:subscription', async ({ params, query }) => {
    const index = await letters.index(params.subscription)
    const page = await letters.desk.list(params.subscription, filterOf(query), pageOf(query))
    return {
      letters: page.letters.map((letter) => lineOf(letter, index)),
      next: page.next ?? null,
      total: page.total,
    }
  })
  server.get<OfSubscription>('/api/dead/:subscription/groups', async ({ params, query }) => {
    letters.check(params.subscription)
    return (await letters.desk.groups(params.subscription, filterOf(query))).map(groupView)
  })
  server.get<OfSubscription>('/api/dead/:subscription/audit', async ({ params, query }) => {
    letters.check(params.subscription)
    const { limit } = pageOf(query)
    return (await letters.desk.audit(params.subscription, { limit })).map(auditView)
  })
  server.get<OfSubscription>('/api/dead/:subscription/letters/:id', async (request): Promise<LetterView> => {
    const { subscription, id } = request.params
    const index = await letters.index(subscription)
    const shown = await letters.desk.show(subscription, id)
    const { letter, story, audit, behind, followers } = shown
    const [first, ...causes] = story?.chain ?? []
    return {
      letter: lineOf(letter, index),
      event: await eventViewOfLetter(events, shown, sessionOf(request)),
      errorStack: first?.stack ?? null,
      causes: causes.map(({ name, message }) => `${name}: ${message}`),
      behind: behind === undefined ? null : lineOf(behind, index),
      followers: followers.slice(0, maxFollowers).map((each) => lineOf(each, index)),
      audit: audit.map(auditView).toReversed(),
    }
  })
}

/** The line says how many there are. */
const maxFollowers = 100
