/**
 * What the page costs to open: bytes over the wire, everything counted.
 * @module
 */
import { get } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { missingChromium } from '../../support/chromium.ts'
import { requirePart } from '../../support/parts.ts'
import { running } from '../running.ts'
import { closeBrowser, opened } from './browser.ts'

afterAll(closeBrowser)

test('the whole page is at most 200 KB gzipped, and comes from its own server alone', async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  const { address, url } = await running()
  const { page, requests, to } = await opened(address)
  for (const screen of ['flow', 'tail', 'dead', 'topics', 'send', 'event/t/0/0', 'letter/billing/none']) {
    await to(screen)
    // The screen itself, not that it is on its way.
    await page.locator('main h1').waitFor()
  }
  const files = [...requests].filter(
    (each) => !new URL(each).pathname.startsWith('/api/') && !each.endsWith('/session'),
  )
  expect(files.filter((each) => !each.startsWith(url))).toEqual([])
  expect(files.length).toBeGreaterThan(20)
  const sizes = await Promise.all(files.map(gzippedBytes))
  const total = sizes.reduce((sum, each) => sum + each, 0)
  console.log(`the page: ${files.length} files, ${(total / 1024).toFixed(1)} KiB gzipped`)
  expect(total).toBeLessThanOrEqual(200_000)
})

/** Headers and body as they go over the wire. */
function gzippedBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = response.rawHeaders.join(': ').length
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () => resolve(bytes))
    }).on('error', reject)
  })
}
