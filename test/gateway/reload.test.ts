/** `veltrix gateway` as a process reads its --access file again on SIGHUP. */
import { createHash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { testProject } from '../cli/project.ts'
import { GatewayProcess } from '../support/gateway-process.ts'
import { quietPorts } from '../support/haproxy.ts'

const key = (name: string): string => `vlx_${name}.${name.padEnd(43, 'x')}`
const access = (name: string): string => {
  const hash = `sha256:${createHash('sha256').update(key(name)).digest('hex')}`
  return JSON.stringify({ keys: { [name]: { hash, rights: [{ verbs: ['read-types'], types: ['*'] }] } } })
}

test.skipIf(process.platform === 'win32').each(['access.json', 'access.ts'])(
  '%s is read again, and one that is wrong changes nothing',
  { timeout: 60_000 },
  async (name) => {
    const written = (content: string): string => (name.endsWith('.json') ? content : `export default ${content}`)
    const project = await testProject()
    await project.write(name, written(access('first')))
    const [port] = await quietPorts(1)
    const gateway = new GatewayProcess(project.directory, port!, ['--access', name])
    onTestFinished(async () => {
      await gateway.end('SIGKILL')
      await project.remove()
    })
    await gateway.start()
    const status = async (who: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/events/types`, { headers: { 'x-api-key': key(who) } })).status
    const reloaded = async (content: string, times: number): Promise<void> => {
      await project.write(name, written(content))
      gateway.signal('SIGHUP')
      await expect.poll(() => gateway.said.split('SIGHUP: ').length - 1, { timeout: 20_000 }).toBe(times)
    }
    expect([await status('first'), await status('second')]).toEqual([200, 401])
    await reloaded(access('second'), 1)
    expect([await status('first'), await status('second')]).toEqual([401, 200])
    await reloaded('{"keys": {"third": {"hash": "none", "rights": []}}}', 2)
    await reloaded('{"keys', 3)
    expect(gateway.said.match(/stays as it was/g)).toHaveLength(2)
    expect(gateway.said).toContain('keys.third.hash')
    expect([await status('first'), await status('second')]).toEqual([401, 200])
    await reloaded(access('first'), 4)
    expect([await status('first'), await status('second')]).toEqual([200, 401])
    expect(await gateway.end('SIGTERM')).toBe(0)
  },
)
