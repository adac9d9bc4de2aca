/**
 * Answers with the page's files, and the headers that every answer has.
 * @module
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { encoded, type Asset } from '../assets.ts'

/** Nothing but this server's own files; nobody frames it; nothing is guessed, and no other site hears where one was. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

export async function answerAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): Promise<FastifyReply> {
  // It is asked each time whether it is still the same: a new version of the package must not mix with an old one.
  reply.headers({ etag: asset.etag, 'cache-control': 'no-cache', vary: 'accept-encoding' })
  if (request.headers['if-none-match']?.includes(asset.etag)) return reply.status(304).send()
  const { encoding, body } = await encoded(asset, request.headers['accept-encoding'])
  if (encoding !== undefined) void reply.header('content-encoding', encoding)
  return reply.type(asset.type).send(body)
}

/** Whether a browser goes there: then it gets the page, which knows its own paths. */
export function isNavigation({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && (headers['accept'] ?? '').includes('text/html')
}
