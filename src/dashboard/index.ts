/**
 * `veltrix/dashboard`: what operators see and do in a browser.
 * @module
 */
export { createDashboard, type Dashboard, type DashboardOptions } from './dashboard.ts'
export type { Act, DashboardApp } from './app.ts'
export { lookAtEvent, lookAtTopics, placedFilter, type EventPlace, type PlacedFilter } from './looks.ts'
export type { AssetsOptions, VendorFile } from './assets.ts'
export { DashboardAddressInvalid, DashboardExposed, DashboardOptionInvalid, DashboardRefused } from './errors.ts'
export type * from './api/index.ts'
