/**
 * What else is done by clicking: an event sent from its form, sent again, a subscription paused; and what narrows stays.
 * @module
 */
import { afterAll, expect, test } from 'vitest'
import { missingChromium } from '../../support/chromium.ts'
import { requirePart } from '../../support/parts.ts'
import { running, until } from '../running.ts'
import { closeBrowser, opened } from './browser.ts'

afterAll(closeBrowser)

test(
  'an event is sent from the form of its schema, kept as a sample, and sent again',
  { timeout: 60_000 },
  async (context) => {
    await requirePart(context, 'Chromium', missingChromium)
    const { address, acts } = await running({ gateway: () => 'http://127.0.0.1:4680' })
    const { page, to, complaints } = await opened(address)
    await to('send?type=order.placed')
    await page.getByLabel('orderId').fill('o-form')
    await page.getByRole('button', { name: 'Add card' }).click()
    await page.getByLabel('number').fill('4111')
    await page.getByLabel('total').fill('12.5')
    await page.getByText('"orderId":"o-form"').waitFor()
    await page.getByRole('button', { name: 'Keep this one' }).click()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('link', { name: 'See the event' }).click()
    await page.getByText('What became of it').waitFor()
    // Handled by both, and the secret is not shown.
    await until(async () => {
      await page.getByRole('button', { name: 'Refresh' }).click()
      return (await page.locator('.story strong', { hasText: 'done' }).count()) === 2
    })
    await page.getByRole('tab', { name: 'Event' }).waitFor()
    await page.locator('.masked').waitFor()
    expect(await page.getByText('4111').count()).toBe(0)
    await page.getByRole('tab', { name: 'Event' }).press('ArrowRight')
    await page.getByText('The bytes are not shown').waitFor()

    await page.getByRole('link', { name: 'Send again…' }).click()
    await page.getByText('Some fields are masked').waitFor()
    expect(await page.getByLabel('orderId').inputValue()).toBe('o-form')
    // The mask is no card number: the server refuses it, and says which field it is.
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'card.number' }).waitFor()
    await page.getByLabel('number').fill('4222')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('link', { name: 'See the event' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'order.placed order.placed' }).click()
    expect(await page.getByLabel('number').inputValue()).toBe('4111')
    expect(acts.map(({ act }) => act)).toEqual(['publish', 'publish'])
    expect(complaints.filter((each) => !each.includes('400'))).toEqual([])
  },
)

test('a subscription is paused after it was asked, and goes on', { timeout: 60_000 }, async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { app, address, acts } = await running()
  const { page } = await opened(address)
  await page.getByRole('button', { name: 'Pause billing' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Nothing is lost').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  expect(acts).toEqual([])
  await page.getByRole('button', { name: 'Pause billing' }).click()
  await dialog.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('button', { name: 'Resume billing' }).click()
  expect(app.status().find(({ subscription }) => subscription === 'billing')).toBeDefined()
  await dialog.getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByRole('button', { name: 'Pause billing' }).waitFor()
  expect(acts.map(({ act, to }) => `${act} ${to}`)).toEqual(['pause billing', 'resume billing'])
})

test(
  'what is chosen in the graph narrows every screen, until it is taken away',
  { timeout: 60_000 },
  async (context) => {
    await requirePart(context, 'Chromium', missingChromium)
    const { app, address } = await running()
    await app.publish('order.placed', { orderId: 'o-urgent' })
    await app.publish('order.exported', { orderId: 'o-bulk' })
    const { page, complaints } = await opened(address)
    await page.getByRole('link', { name: 'Flow' }).click()
    await page.getByRole('link', { name: /orders · bulk/ }).click()
    await page.getByRole('heading', { name: 'Stream orders' }).waitFor()
    await page.getByRole('link', { name: 'Live tail' }).click()
    await page.getByText('o-bulk').first().waitFor()
    expect(await page.getByText('o-urgent').count()).toBe(0)
    expect(page.url()).toContain('stream=orders&lane=bulk')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('Waiting time by lane').waitFor()
    expect(await page.getByRole('article').count()).toBe(1)
    await page.getByRole('link', { name: 'No longer only this lane' }).click()
    await until(async () => (await page.getByRole('article').count()) === 2)
    expect(complaints).toEqual([])
  },
)

test.for(['overview', 'flow', 'tail', 'dead/billing', 'topics', 'send'])(
  'on a narrow screen nothing of %s sticks out',
  async (screen, context) => {
    await requirePart(context, 'Chromium', missingChromium)
    const { app, address } = await running()
    await app.publish('order.placed', { orderId: 'o-'.padEnd(60, '1'), note: 'fail' })
    const { page, to } = await opened(address, { viewport: { width: 360, height: 740 } })
    await page.getByText('Waiting time by lane').waitFor()
    await to(screen)
    await page.locator('main h1').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  },
)
