/**
 * What other pages can do with the dashboard of somebody who has it open: nothing. In a real browser, which is who decides.
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { missingChromium } from '../../support/chromium.ts'
import { requirePart } from '../../support/parts.ts'
import { running } from '../running.ts'
import { closeBrowser, launched, opened } from './browser.ts'

afterAll(closeBrowser)

/** A page of somebody else. Returns its address. */
async function strangersPage(): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>stranger</title><h1>stranger</h1>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** What the stranger tries, run in its page. Gives what it learned. */
const attempts = `(async (url) => {
  const learned = []
  const attempt = async (name, what) => {
    try {
      const got = await what()
      if (got) learned.push(name + ': ' + got)
    } catch {}
  }
  await attempt('read', async () => (await fetch(url + '/api/system', { credentials: 'include' })).text())
  await attempt('live', () => new Promise((resolve) => {
    const source = new EventSource(url + '/api/live', { withCredentials: true })
    source.addEventListener('history', (event) => resolve(event.data))
    source.onerror = () => { source.close(); resolve('') }
  }))
  await attempt('act', async () => (await fetch(url + '/api/marks', {
    method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json', 'x-veltrix-dashboard': '1' },
    body: JSON.stringify({ text: 'stranger', kind: 'note' }),
  })).status)
  await attempt('act unseen', async () => { await fetch(url + '/api/marks', {
    method: 'POST', mode: 'no-cors', credentials: 'include', body: JSON.stringify({ text: 'stranger', kind: 'note' }) }) })
  await attempt('form', () => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.name = 'target'
    document.body.append(frame)
    const form = document.createElement('form')
    form.method = 'post'; form.enctype = 'text/plain'; form.target = 'target'; form.action = url + '/api/marks'
    const field = document.createElement('input')
    field.name = '{"kind":"note","text":"stranger'; field.value = '"}'
    form.append(field); document.body.append(form)
    frame.onload = () => resolve('')
    form.submit()
  }))
  await attempt('frame', () => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.onload = () => { try { resolve(frame.contentDocument?.body?.innerText ?? '') } catch { resolve('') } }
    frame.src = url + '/'
    document.body.append(frame)
  }))
  await attempt('script', () => import(url + '/page/format.ts').then(() => 'loaded'))
  return learned
})`

test.for(['127.0.0.1', 'localhost'])(
  'a page of another origin (%s) learns nothing and does nothing',
  async (host, context) => {
    await requirePart(context, 'Chromium', missingChromium)
    const { address, acts, json } = await running()
    const { page } = await opened(address)
    await page.getByText('Waiting time by lane').waitFor()
    const other = await page.context().newPage()
    // Another port of 127.0.0.1 is the same site, so cookies go along; localhost is not.
    await other.goto((await strangersPage()).replace('127.0.0.1', host))
    const learned = await other.evaluate(`${attempts}(${JSON.stringify(new URL(address).origin)})`)
    expect(learned).toEqual([])
    expect(acts).toEqual([])
    // The page itself may.
    await page.getByRole('button', { name: 'Add a note…' }).click()
    await page.getByLabel('Text').fill('mine')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('mine', { exact: false }).first().waitFor()
    expect(acts).toMatchObject([{ act: 'mark' }])
    expect((await json('/api/system')).app).toBe('shop')
  },
)

test('a name that leads to this machine is not its name', async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { address, token, acts } = await running()
  const browser = await launched(['--host-resolver-rules=MAP rebound.example 127.0.0.1'])
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const rebound = `http://rebound.example:${new URL(address).port}`
  const response = await page.goto(`${rebound}/#token=${token}`)
  expect(response!.status()).toBe(403)
  expect(await page.content()).not.toContain('/page/main.js')
  // It is of the same origin as what it asks, so only the server can refuse it.
  const answers = await page.evaluate(`(async () => {
    const session = await fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json', 'x-veltrix-dashboard': '1' },
      body: JSON.stringify({ token: ${JSON.stringify(token)} }) })
    const system = await fetch('/api/system', { headers: { authorization: ${JSON.stringify(`Bearer ${token}`)} } })
    return [session.status, system.status]
  })()`)
  expect(answers).toEqual([403, 403])
  expect(acts).toEqual([])
})

test('nothing of the page is inline, and what is tried inline does not run', async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { address } = await running()
  const { page } = await opened(address)
  const ran = await page.evaluate(`(async () => {
    const script = document.createElement('script')
    script.textContent = 'window.ran = true'
    document.head.append(script)
    const image = document.createElement('div')
    image.innerHTML = '<img src="x:" onerror="window.ran = true">'
    document.body.append(image)
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    return window.ran === true
  })()`)
  expect(ran).toBe(false)
})

test('read only, nothing that acts is there', async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { app, address, json } = await running({ readOnly: true })
  await app.publish('order.placed', { orderId: 'o-1', note: 'fail' })
  const { page, to } = await opened(address)
  await page.getByText('read only').waitFor()
  expect(await page.getByRole('button', { name: /Pause|note/ }).count()).toBe(0)
  await to('dead/billing')
  await page.getByText('card of o-1 refused').first().waitFor()
  expect(await page.getByRole('button', { name: /Redrive…|Discard…|Choose all/ }).count()).toBe(0)
  expect(await page.getByRole('checkbox').count()).toBe(0)
  await to('send')
  await page.getByText('This session may not publish').waitFor()
  expect((await json('/api/system')).readOnly).toBe(true)
})
