/**
 * The least rights, as commands that grant them.
 * @module
 */
import { aclArguments, aclGrants, aclRoles } from '../../topology/index.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { withApp } from '../with-app.ts'

const titles = {
  publisher: 'publishes (kafka({ createTopics: false }))',
  worker:
    'runs subscriptions (kafka({ createTopics: false })); whose handlers publish needs the rights of the publisher too',
  apply:
    'runs veltrix plan and apply; Delete only for --allow-delete, and --throttle needs AlterConfigs on the cluster as well',
} as const

/** Prints and answers with the exit code. The principals are named after the application: `User:shop-worker`. */
export function showAcls(place: string | undefined, shell: Shell, out: Output): Promise<number> {
  return withApp(place, shell, async ({ config }) => {
    const grants = aclGrants(config)
    const principalOf = (role: string): string => `User:${config.app}-${role}`
    if (out.json) {
      await out.result(grants.map((grant) => ({ ...grant, principal: principalOf(grant.role) })))
      return 0
    }
    await out.lines('# Principals and the address of the cluster are to be replaced.')
    for (const role of aclRoles) {
      await out.lines('', `# ${principalOf(role)} ${titles[role]}`)
      for (const grant of grants) {
        if (grant.role !== role) continue
        const words = aclArguments(grant, principalOf(role))
        await out.lines(`kafka-acls.sh --bootstrap-server "$BROKERS" ${words.join(' ')}  # ${grant.why}`)
      }
    }
    return 0
  })
}
