/**
 * Every screen of a running system, in a real browser: it shows what is really there, complains about nothing, and axe finds nothing serious.
 * @module
 */
import { afterAll, describe, expect, test } from 'vitest'
import { missingChromium } from '../../support/chromium.ts'
import { requirePart } from '../../support/parts.ts'
import { running, until } from '../running.ts'
import { findings } from './axe.ts'
import { closeBrowser, opened } from './browser.ts'

afterAll(closeBrowser)

/** A shop with handled events, a secret, and letters of two causes. */
async function shopWithLetters() {
  const shop = await running({ traceUrl: 'https://traces.example/{traceId}' })
  const { app, json } = shop
  await app.publish('order.placed', { orderId: 'o-good', total: 42, card: { number: '4111', name: 'Ada' } })
  await app.publish('order.placed', { orderId: 'o-bad', note: 'fail' })
  await app.publish('order.placed', { orderId: 'o-bad', total: 7 })
  await app.publish('order.exported', { orderId: 'o-good' })
  await until(async () => (await json('/api/dead/billing')).total === 2)
  return shop
}

/** Screens, and a text that is there only when the data are. */
const screens: readonly (readonly [address: string, shown: string])[] = [
  ['overview', 'Waiting time by lane'],
  ['flow', 'orders · critical'],
  ['flow?subscription=billing', 'Subscription billing'],
  ['tail', 'o-good'],
  ['dead/billing', 'card of o-bad refused'],
  ['dead/billing/redrives', 'No redrives'],
  ['dead/billing/audit', 'Nothing was done yet'],
  ['topics', 'shop.orders.critical'],
  ['send?type=order.placed', 'orderId'],
]

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test('every screen shows what is there, and is accessible', { timeout: 120_000 }, async (context) => {
    await requirePart(context, 'Chromium', missingChromium)
    const { address } = await shopWithLetters()
    const { page, complaints, to } = await opened(address, { colorScheme, reducedMotion: 'reduce' })
    for (const [screen, shown] of screens) {
      await to(screen)
      await page.getByText(shown).first().waitFor()
      expect({ screen, findings: await findings(page) }).toEqual({ screen, findings: [] })
    }
    await to('tail')
    await page.getByRole('link', { name: 'o-good' }).first().click()
    await page.getByText('What became of it').waitFor()
    expect(await findings(page)).toEqual([])
    await to('dead/billing')
    await page.getByRole('link', { name: 'card of o-bad refused' }).click()
    await page.getByRole('button', { name: 'Redrive…' }).waitFor()
    expect(await findings(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
