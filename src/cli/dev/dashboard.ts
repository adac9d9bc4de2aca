/**
 * The dashboard of `dev`: a page that shows the app while it runs.
 * @module
 */
import type { DashboardOptions } from '../../dashboard/index.ts'
import type { App } from '../../veltrix.ts'
import type { DevGatewayOptions } from './gateway.ts'
import { LateServer } from './late-server.ts'

export interface DevDashboardOptions
  extends DevGatewayOptions, Pick<DashboardOptions, 'place' | 'gateway' | 'onAct' | 'traceUrl'> {
  readonly app: App
  /** Default 4681. */
  readonly usualPort?: number
}

export class DevDashboard extends LateServer {
  constructor({ app, onFailure, usualPort = 4681, place, gateway, onAct, traceUrl, ...options }: DevDashboardOptions) {
    super({
      ...options,
      name: 'dashboard',
      usualPort,
      addressTaken: 'VLX_DASHBOARD_ADDRESS',
      make: async (port) => {
        const { createDashboard } = await import('../../dashboard/index.ts')
        return createDashboard(app, { port, onFailure, place, gateway, onAct, traceUrl })
      },
    })
  }
}
