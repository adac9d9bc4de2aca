/**
 * Numbers as they come: a flood is seen, a lost connection comes back by itself, and a session that ended says what to do.
 * @module
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createDashboard } from '../../../src/dashboard/index.ts'
import { missingChromium } from '../../support/chromium.ts'
import { requirePart } from '../../support/parts.ts'
import { running, until } from '../running.ts'
import { closeBrowser, opened } from './browser.ts'

afterAll(closeBrowser)

test('a flood is watched live', { timeout: 90_000 }, async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { app, address } = await running()
  const { page, to, complaints } = await opened(address)
  const card = page.getByRole('article').filter({ hasText: 'bulk' })
  await card.getByText('Handled').waitFor()
  const flood = Array.from({ length: 5_000 }, (_, index) => ({
    type: 'order.exported' as const,
    data: { orderId: `o-${index % 500}`, total: index },
  }))
  let published = 0
  // Until it is seen: that no second of it is missed is the server's test.
  await until(async () => {
    await app.publishMany(flood)
    published += flood.length
    const text = await card.innerText()
    return Number(/Handled\s+([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '')) > 1_000
  })
  expect(published).toBeGreaterThan(0)
  await page.getByRole('img', { name: /Waiting time by lane.*bulk: p99 at most [\d.]+ (?:ms|s)/ }).waitFor()

  await to('tail?lane=bulk')
  await page.locator('[aria-posinset="1"] a').waitFor()
  await until(async () => {
    await app.publishMany(flood)
    return page.getByText('left out').isVisible()
  })
  // Scrolled, it stands still, and what comes is counted.
  const list = page.getByRole('list', { name: 'Events, newest first' })
  await list.evaluate((element: { scrollTop: number }) => {
    element.scrollTop = 200
  })
  await page.getByRole('button', { name: /Go on/ }).waitFor()
  const first = await page.locator('[aria-posinset="1"]').innerText()
  await app.publish('order.exported', { orderId: 'the-last-one' })
  await page.getByRole('button', { name: /Go on \([1-9]/ }).waitFor()
  expect(await page.locator('[aria-posinset="1"]').innerText()).toBe(first)
  await page.getByRole('button', { name: /Go on/ }).click()
  await page.getByText('the-last-one').first().waitFor()
  expect(complaints).toEqual([])
})

test('a filter that is no CEL says so, and a right one filters', { timeout: 60_000 }, async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { app, address } = await running()
  await app.publish('order.placed', { orderId: 'o-small', total: 1 })
  await app.publish('order.placed', { orderId: 'o-large', total: 500 })
  const { page, to } = await opened(address)
  await to('tail')
  await page.getByText('o-small').first().waitFor()
  await page.getByLabel('Condition (CEL)').fill('event.data.total >')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.locator('#tail-problem').filter({ hasText: /\w/ }).waitFor()
  await page.getByRole('link', { name: /Take away the condition/ }).click()
  await page.getByLabel('Condition (CEL)').fill('event.data.total > 100.0')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByText('o-large').first().waitFor()
  expect(await page.getByText('o-small').count()).toBe(0)
  // It is in the address: whoever gets it sees the same.
  expect(decodeURIComponent(page.url())).toContain('filter=event.data.total+>+100.0')
})

test('a lost connection comes back, and no second of it is missing', { timeout: 90_000 }, async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { address, stream } = await running()
  const wire = await proxied(Number(new URL(address).port))
  const { page, complaints } = await opened(address.replace(/:\d+\//, `:${wire.port}/`))
  await page.getByText('As a table').first().click()
  const rows = page.locator('.plot').first().locator('tbody th')
  await until(async () => (await rows.count()) >= 3)
  await wire.cut()
  await page.getByText('Connection lost.').waitFor()
  const seen = await rows.first().innerText()
  await page.getByText('times so far').waitFor()
  // Meanwhile the server's seconds go on.
  let missed = 0
  for await (const { event } of stream('/api/live')) if (event === 'second' && ++missed === 5) break
  expect(await rows.first().innerText()).toBe(seen)
  await wire.mend()
  await page.getByText('Connection lost.').waitFor({ state: 'detached' })
  await until(async () => (await rows.first().innerText()) !== seen && (await rows.count()) === 10)
  const times = (await rows.allInnerTexts()).map((text) => Date.parse(`2026-01-01T${text}Z`) / 1000)
  const steps = times.slice(1).map((time, index) => (times[index]! - time + 86_400) % 86_400)
  expect(steps.filter((step) => step > 2)).toEqual([])
  expect(complaints.filter((each) => !each.includes('net::ERR_'))).toEqual([])
})

test(
  'another start of the server ends the session, and the new address opens it',
  { timeout: 90_000 },
  async (context) => {
    await requirePart(context, 'Chromium', missingChromium)
    const { app, address, dashboard } = await running()
    const { page } = await opened(address)
    await page.getByText('Waiting time by lane').waitFor()
    await dashboard.close()
    await page.getByText('Connection lost.').waitFor()
    const next = createDashboard(app, { port: Number(new URL(address).port), onAct: () => undefined })
    const nextAddress = await next.start()
    onTestFinished(() => next.close())
    await page.getByText('This session has ended').waitFor()
    await page.getByLabel('Address or token').fill('not-the-token')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('The server does not know this token.').waitFor()
    await page.getByLabel('Address or token').fill(nextAddress)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('Waiting time by lane').waitFor()
    // The token is in no address any more.
    expect(page.url()).not.toContain('token')
  },
)

interface Wire {
  readonly port: number
  /** Nobody is connected, nobody gets through. */
  cut(): Promise<void>
  mend(): Promise<void>
}

async function proxied(to: number): Promise<Wire> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const cut = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  onTestFinished(cut)
  return { port, cut, mend: () => listen(port) }
}
