/**
 * The gateway of `dev`: the app takes events over HTTP while it runs.
 * @module
 */
import type { Clock } from '../../clock.ts'
import type { App } from '../../veltrix.ts'
import { LateServer } from './late-server.ts'

export interface DevGatewayOptions {
  readonly app: App
  /** Undefined: the usual one, or a free one where that is taken. */
  readonly port: number | undefined
  /** Default 4680. */
  readonly usualPort?: number
  readonly clock: Clock
  /** Told where it listens. */
  readonly listening: (url: string) => void
  /** A line for people: it is somewhere else than usual, or nowhere. */
  readonly note: (text: string) => void
  /** Hears of failures at a request that are the gateway's own. */
  readonly onFailure: (error: unknown) => void
}

export class DevGateway extends LateServer {
  constructor({ app, onFailure, usualPort = 4680, ...options }: DevGatewayOptions) {
    super({
      ...options,
      name: 'gateway',
      usualPort,
      addressTaken: 'VLX_GATEWAY_ADDRESS',
      make: async (port) => {
        const { createGateway } = await import('../../gateway/index.ts')
        return createGateway(app, { port, onFailure })
      },
    })
  }
}
