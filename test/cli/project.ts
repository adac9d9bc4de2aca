/**
 * A project in a temporary directory, with a typed file of its own.
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const src = new URL('../../src/', import.meta.url).href

export interface TestProject {
  readonly directory: string
  write(name: string, content: string): Promise<void>
  remove(): Promise<void>
}

/** @param options.files content by name; default a typed file and nothing else */
export async function testProject(options: { files?: Record<string, string> } = {}): Promise<TestProject> {
  const directory = await mkdtemp(join(tmpdir(), 'veltrix-cli-'))
  const project: TestProject = {
    directory,
    write: (name, content) => writeFile(join(directory, name), content),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
  const files = options.files ?? { 'veltrix.config.ts': typedFile(directory) }
  for (const [name, content] of Object.entries(files)) await project.write(name, content)
  return project
}

/** A shop: orders with a secret, two lanes in use, a subscription that parks. */
export function typedFile(directory: string): string {
  return `
import { defineVeltrix, event } from '${src}index.ts'
import { embedded } from '${src}transport/embedded/index.ts'

const order = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: any) =>
      typeof value?.orderId === 'string' ? { value } : { issues: [{ message: 'is no text', path: ['orderId'] }] },
  },
}

export default defineVeltrix({
  app: 'shop',
  streams: {
    orders: {
      key: 'orderId',
      partitions: 3,
      events: {
        'order.placed': event(order as any, { lane: 'critical', secret: ['card.number'] }),
        'order.exported': event(order as any, { lane: 'bulk' }),
      },
    },
  },
  subscriptions: {
    billing: { events: ['order.placed'], retry: { attempts: 1 }, onDeadLetter: 'park-key' },
    reports: { events: ['order.placed', 'order.exported'] },
  },
  transport: embedded({ directory: ${JSON.stringify(join(directory, 'log'))}, durability: 'none' }),
} as any)
`
}

/** The shop's handlers: billing gives up on \`total: -1\`. With traffic when asked for. */
export function appFile(options: { scenario?: string; billing?: string } = {}): string {
  return `
import { Unrecoverable, veltrix } from '${src}index.ts'
import config from './veltrix.config.ts'

export default veltrix(config as any)
  .handle('billing', 'order.placed', async (event: any) => {
    ${options.billing ?? `if (event.data.total === -1) throw new Unrecoverable('total is negative')`}
  })
  .handle('reports', 'order.placed', async () => {})
  .handle('reports', 'order.exported', async () => {})
${options.scenario ?? ''}
`
}
