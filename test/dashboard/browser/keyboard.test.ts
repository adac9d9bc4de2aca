/**
 * All of it without a pointer.
 * @module
 */
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { missingChromium } from '../../support/chromium.ts'
import { requirePart } from '../../support/parts.ts'
import { running, until } from '../running.ts'
import { closeBrowser, opened } from './browser.ts'

afterAll(closeBrowser)

/** Presses Tab until the element in focus is called `name`. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const met: string[] = []
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab')
    const focused = page.locator(':focus')
    const called = (await focused.getAttribute('aria-label')) ?? (await focused.innerText())
    if (name.test(called)) return
    met.push(called)
  }
  throw new Error(`Tab leads to ${met.join(' | ')}, not to ${name}`)
}

test('a letter is found, looked at, chosen and let go by keys', { timeout: 90_000 }, async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { app, address, json, acts } = await running()
  for (const orderId of ['o-1', 'o-2', 'o-3']) await app.publish('order.placed', { orderId, note: 'fail' })
  await until(async () => (await json('/api/dead/billing')).total === 3)
  const { page, complaints } = await opened(address)
  await page.getByText('Waiting time by lane').waitFor()

  await page.keyboard.press('Tab')
  await page.locator(':focus', { hasText: /^Skip to the screen$/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('#main:focus').waitFor()

  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.getByText('3 letters').waitFor()
  await tabTo(page, /^Choose order\.placed of/)
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown')
  await until(async () => (await page.locator('[aria-posinset="2"] a:focus').count()) === 1)
  await page.keyboard.press('End')
  await until(async () => (await page.locator('[aria-posinset="3"] a:focus').count()) === 1)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Story' }).waitFor()
  await page.locator('#main:focus').waitFor()

  await tabTo(page, /^Discard…$/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('will be discarded').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  // The focus is where it was, and nothing was done.
  await page.locator(':focus', { hasText: /^Discard…$/ }).waitFor()
  expect(acts).toEqual([])
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('will be discarded').waitFor()
  await page.locator('#discard-reason:focus').waitFor()
  await page.keyboard.type('by keys')
  await page.keyboard.press('Enter')
  await until(async () => (await json('/api/dead/billing')).total === 2)
  expect(acts).toMatchObject([{ act: 'discard', reason: 'by keys' }])
  expect(complaints).toEqual([])
})

test('keys of one letter can be switched off', async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { address } = await running({ started: false })
  const { page } = await opened(address)
  await page.keyboard.press('?')
  await page.getByLabel('Keys of one letter work').uncheck()
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(page.url()).not.toContain('dead')
})
