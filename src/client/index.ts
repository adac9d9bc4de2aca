export {
  createClient,
  type Client,
  type ClientHeaders,
  type ClientOptions,
  type ClientPublishOptions,
  type ClientPublishResult,
} from './client.ts'
export { ClientFull, GatewayRefused, GatewayUnreachable } from './errors.ts'
