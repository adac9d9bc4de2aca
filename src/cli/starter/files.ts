/**
 * The files of a starter project.
 * @module
 */

/** Content by name. `version`: of this package, for package.json. */
export function starterFiles(name: string, version: string): Record<string, string> {
  return {
    'package.json': packageJson(name, version),
    'veltrix.config.ts': configFile(name),
    'veltrix.app.ts': appFile,
    'tsconfig.json': tsconfigFile,
    '.gitignore': 'node_modules/\n.veltrix/\n',
    'README.md': readmeFile(name),
  }
}

function packageJson(name: string, version: string): string {
  const content = {
    name,
    private: true,
    type: 'module',
    scripts: {
      start: 'veltrix dev',
      publish: 'veltrix publish',
      check: 'tsc',
    },
    dependencies: { veltrix: `^${version}`, zod: '^4.0.0' },
    devDependencies: { '@types/node': '^24.0.0', typescript: '^5.9.0' },
    engines: { node: '>=24' },
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

function configFile(name: string): string {
  return `import { defineVeltrix, event } from 'veltrix'
import { z } from 'zod' // or valibot, arktype: any Standard Schema

export default defineVeltrix({
  app: '${name}',
  // Most urgent first. Under load each gets capacity by its weight; what is not used is lent.
  lanes: { critical: { weight: 8 }, standard: { weight: 3 }, bulk: { weight: 1, minShare: 0.05 } },
  streams: {
    orders: {
      key: 'orderId', // events of one order are handled in order, one at a time
      events: {
        'order.placed': event(z.object({ orderId: z.string(), total: z.number().positive() }), { lane: 'critical' }),
        'order.exported': event(z.object({ orderId: z.string() }), { lane: 'bulk' }),
      },
    },
  },
  subscriptions: {
    billing: { events: ['order.placed'], retry: { attempts: 5, backoff: '200ms..30s' }, onDeadLetter: 'park-key' },
    reports: { events: ['order.placed', 'order.exported'] },
  },
})
`
}

const appFile = `import { Unrecoverable, veltrix, type App } from 'veltrix'
import config from './veltrix.config.ts'

const app = veltrix(config)
  .handle('billing', 'order.placed', async (event) => {
    // Throwing repeats the attempt later; Unrecoverable keeps the event as a dead letter at once.
    if (event.data.total > 1_000_000) throw new Unrecoverable(\`order \${event.data.orderId} is too large\`)
    console.log(\`billed order \${event.data.orderId}: \${event.data.total}\`)
  })
  .handle('reports', 'order.placed', async () => {})
  .handle('reports', 'order.exported', async () => {})

export default app

/** Traffic for \`veltrix dev\`: an urgent order every second, a hundred bulk events between. Remove it when real events come. */
export const scenario = {
  async traffic(running: App<typeof config>, signal: AbortSignal) {
    for (let number = 1; !signal.aborted; number++) {
      const exports = Array.from({ length: 100 }, (_, index) => ({
        type: 'order.exported' as const,
        data: { orderId: \`export-\${index}\` },
      }))
      await Promise.all([
        running.publish('order.placed', { orderId: \`order-\${number}\`, total: 10 * number }),
        running.publishMany(exports),
      ])
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  },
}
`

const tsconfigFile = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'ES2024',
      module: 'NodeNext',
      strict: true,
      noEmit: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      types: ['node'],
    },
    include: ['*.ts'],
  },
  null,
  2,
)}
`

function readmeFile(name: string): string {
  return `# ${name}

    npm install
    npm start

\`npm start\` runs the app with a live view: what each lane publishes and handles, how long events wait, what failed. Ctrl-C drains and leaves.

- \`veltrix.config.ts\` says what events there are, how urgent, and who takes them. The types of everything else follow from it.
- \`veltrix.app.ts\` has the handlers, and some traffic to look at.
- Events lie in \`.veltrix/\`, durably: stop the app at any time, nothing acknowledged is lost.

While it runs, in another terminal:

    npx veltrix publish order.placed --data '{"orderId":"o-1","total":12.5}'
    npx veltrix publish order.placed --data '{"orderId":"o-2","total":2000000}'   # becomes a dead letter
    curl http://127.0.0.1:4680/events/order.placed -H 'content-type: application/json' -d '{"orderId":"o-3","total":7}'
    npx veltrix dead list
    npx veltrix tail orders
    npx veltrix lanes
    npx veltrix doctor
`
}
