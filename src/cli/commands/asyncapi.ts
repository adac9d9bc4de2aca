/**
 * `veltrix asyncapi`
 * @module
 */
import { appArg, command } from '../command.ts'

export const asyncapi = command({
  summary: 'Print the app as an AsyncAPI 3.0 document.',
  details: [
    'Made from the typed file; the log is not opened. Topics are channels with their addresses and Kafka settings, events are messages with CloudEvents headers and JSON Schemas (draft 7) of their payloads, publishing and each subscription are operations, and so is POST /events of the gateway.',
    'A payload whose library offers no JSON Schema (Standard JSON Schema) is described by the reason.',
  ],
  args: {
    out: { type: 'string', alias: 'o', valueHint: 'file', description: 'Write it to a file instead' },
    gateway: {
      type: 'string',
      valueHint: 'url',
      default: 'http://127.0.0.1:4680',
      description: 'Where the gateway is reached',
    },
    ...appArg,
  },
  examples: [
    ['veltrix asyncapi', 'The app in this directory'],
    ['veltrix asyncapi -o asyncapi.json', 'To a file'],
    ['veltrix asyncapi --gateway https://events.example.com', 'With the gateway as others reach it'],
    ['veltrix asyncapi --json', 'In one line'],
  ],
  async run({ args, shell, out }) {
    const { showAsyncApi } = await import('../asyncapi/show.ts')
    await showAsyncApi({ place: args.app, file: args.out, gateway: args.gateway }, shell, out)
  },
})
