export { createGateway, type Gateway, type GatewayApp, type GatewayOptions } from './gateway.ts'
export { GatewayAddressInvalid, GatewayExposed, RequestRefused } from './errors.ts'
export { problemTypes, type Problem, type ProblemName } from './problems.ts'
export type { TailOptions } from './tail/tail.ts'
