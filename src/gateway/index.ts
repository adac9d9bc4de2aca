export { createGateway, type Gateway, type GatewayApp, type GatewayOptions } from './gateway.ts'
export {
  AccessInvalid,
  createKey,
  type AccessOptions,
  type CertificateClientOptions,
  type CertificateOptions,
  type ClaimRightOptions,
  type CreatedKey,
  type KeyOptions,
  type RightOptions,
  type TokenOptions,
  type Verb,
  type WebhookOptions,
} from './access/index.ts'
export { GatewayAddressInvalid, GatewayExposed, GatewayOptionInvalid, RequestRefused } from './errors.ts'
export { problemTypes, type Problem, type ProblemName } from './problems.ts'
export type { TailOptions } from './tail/tail.ts'
export type { IdOptions } from './ids/index.ts'
export type { LoadOptions } from './load-options.ts'
export type { RateLimit, RateLimits } from './rate-limits.ts'
export type { CorsOptions } from './cors.ts'
