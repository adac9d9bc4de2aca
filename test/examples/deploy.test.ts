/** The examples of deployment hold to the commands: their flags, ports, paths and durations. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { parseArguments } from '../../src/cli/arguments.ts'
import { gateway } from '../../src/cli/commands/gateway.ts'
import { haproxy } from '../../src/cli/commands/haproxy.ts'
import { parseDuration } from '../../src/config/index.ts'
import { running } from '../gateway/running.ts'
import { requirePart } from '../support/parts.ts'

const run = promisify(execFile)
const read = (name: string): string => readFileSync(join(import.meta.dirname, '../../examples/deploy', name), 'utf8')

/** What an event may wait for a log that is gone, seconds (docs/reference/gateway.md). */
const longestAnswer = 30

/** By the command's own definitions: an unknown flag fails. */
function gatewayFlags(words: readonly string[]): { port: number; host: string; drainDelay: number } {
  expect(words[0]).toBe('gateway')
  const { values } = parseArguments(words.slice(1), gateway.args)
  const { port, host, 'drain-delay': delay } = values as Record<string, string>
  return { port: Number(port), host: host!, drainDelay: parseDuration(delay!)! / 1_000 }
}

const defaultOf = (command: { args: object }, flag: string): unknown =>
  (command.args as Record<string, { default?: unknown }>)[flag]!.default

function manifests(): Record<string, any> {
  const documents = parseAllDocuments(read('kubernetes/gateway.yaml'))
  for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([])
  return Object.fromEntries(documents.map((each) => each.toJS() as { kind: string }).map((each) => [each.kind, each]))
}

test('Kubernetes: flags, ports, probes and the time to end belong together', async () => {
  const { Deployment: deployment, Service: service } = manifests()
  const pod = deployment.spec.template.spec
  const [container, ...others] = pod.containers
  expect(others).toEqual([])
  const { port, host, drainDelay } = gatewayFlags(container.args)
  expect([String(port), host]).toEqual([defaultOf(gateway, 'port'), '0.0.0.0'])
  expect(container.ports).toEqual([{ name: 'http', containerPort: port }])
  expect(service.spec.ports).toEqual([{ name: 'http', port, targetPort: 'http' }])
  const { periodSeconds, timeoutSeconds, failureThreshold } = container.readinessProbe
  // Unready is seen before connections end.
  expect(periodSeconds + timeoutSeconds * failureThreshold).toBeLessThan(drainDelay)
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drainDelay + longestAnswer)
  const { url } = await running()
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { path, port: probed } = container[probe].httpGet
    expect([probed, (await fetch(`${url}${path}`)).status]).toEqual(['http', 200])
  }
})

test('Kubernetes: everything finds its pods, secrets are mounted, and the container may do nothing else', () => {
  const { Deployment: deployment, Service: service, PodDisruptionBudget: budget, ServiceAccount: account } = manifests()
  const { metadata, spec: pod } = deployment.spec.template
  for (const selector of [
    deployment.spec.selector.matchLabels,
    service.spec.selector,
    budget.spec.selector.matchLabels,
  ])
    expect(metadata.labels).toMatchObject(selector)
  expect(pod.topologySpreadConstraints[0].labelSelector.matchLabels).toEqual(metadata.labels)
  expect(budget.spec.minAvailable).toBeLessThan(deployment.spec.replicas)
  expect(pod.serviceAccountName).toBe(account.metadata.name)
  const [container] = pod.containers
  const volumes = pod.volumes.map(({ name }: { name: string }) => name)
  expect(container.volumeMounts.map(({ name }: { name: string }) => name)).toEqual(volumes)
  expect(pod.volumes[0].secret.defaultMode).toBe(0o440)
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
})

const unit = read('systemd/veltrix-gateway@.service')

/** The value of a setting of the unit. */
function setting(name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(unit)![1]!
}

test('systemd: flags and the time to end belong together', () => {
  const words = setting('ExecStart').split(' ')
  const { port, host, drainDelay } = gatewayFlags(
    words.slice(words.indexOf('gateway')).map((word) => word.replace('%i', '4681')),
  )
  expect([port, host]).toEqual([4681, defaultOf(gateway, 'host')])
  expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(drainDelay + longestAnswer)
  expect(parseDuration(defaultOf(haproxy, 'check-interval') as string)! / 1_000).toBeLessThan(drainDelay)
})

test('systemd takes the unit without a warning', async (context) => {
  const missing = async () =>
    (await run('systemd-analyze', ['--version']).catch(() => undefined))
      ? undefined
      : 'systemd-analyze is not on the PATH'
  await requirePart(context, 'systemd-analyze', missing)
  const directory = mkdtempSync(join(tmpdir(), 'vlx-unit-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const verify = async (text: string): Promise<string> => {
    const file = join(directory, 'veltrix-gateway@.service')
    writeFileSync(file, text)
    const args = ['verify', '--recursive-errors=no', '--man=no', file.replace('@', '@4681')]
    writeFileSync(file.replace('@', '@4681'), text)
    const { stdout, stderr } = await run('systemd-analyze', args).catch(
      (error: { stdout: string; stderr: string }) => error,
    )
    return stdout + stderr
  }
  // Node is elsewhere on this machine.
  const here = unit.replace('/usr/bin/node', process.execPath)
  expect(await verify(here)).toBe('')
  expect(await verify(here.replace('ProtectSystem=strict', 'ProtectSystems=strict'))).toContain('ProtectSystems')
})
