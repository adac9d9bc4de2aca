/**
 * The application as AsyncAPI 3.0, made from the typed file: what lies on its topics, who publishes and who receives it, and how events
 * come in over HTTP.
 * @module
 */
import type { CompiledConfig } from '../config/index.ts'
import { gatewayChannel, gatewayOperation } from './gateway.ts'
import { messagesOf, type Messages } from './messages.ts'
import type { Json } from './parts.ts'
import { serversOf } from './servers.ts'
import { receiveOperations, sendOperations, topicChannels } from './topics.ts'

export interface AsyncApiOptions {
  /** Where a gateway of the application is reached. Default `http://127.0.0.1:4680`. */
  readonly gateway?: URL
}

const usualGateway = new URL('http://127.0.0.1:4680')

/** The document, as plain JSON. */
export function asyncApi(config: CompiledConfig, { gateway = usualGateway }: AsyncApiOptions = {}): Json {
  const messages = messagesOf(config)
  const { servers, ofLog } = serversOf(config, gateway)
  return {
    asyncapi: '3.0.0',
    id: `urn:veltrix:${config.app}`,
    info: {
      title: `${config.app}: events`,
      version: '1.0.0',
      description:
        'Made from the typed file. Events are CloudEvents 1.0; order is kept by key, inside one stream and lane. A publisher may choose another lane than the usual one of a type, so a topic may hold every type of its stream.',
    },
    defaultContentType: 'application/json',
    servers,
    channels: {
      ...topicChannels(config, messages, ofLog),
      gateway: gatewayChannel(messages),
    },
    operations: {
      ...sendOperations(config, messages),
      ...receiveOperations(config, messages),
      'gateway.post': gatewayOperation(),
    },
    components: { messages: componentsOf(messages), schemas: messages.schemas },
  }
}

function componentsOf({ stored, posted }: Messages): Json {
  return Object.fromEntries([...stored.values(), ...posted.values()].map(({ name, message }) => [name, message]))
}
