/** The client in a real browser, on a page of another origin than the gateway's. */
import { expect, test } from 'vitest'
import { running } from '../gateway/running.ts'
import { missingChromium, page, type Page } from '../support/chromium.ts'
import { requirePart } from '../support/parts.ts'

/** Publishes three events and the first once more, and tells what came of each. */
const script = (gateway: string, giveUpAfterMs: number): string => `
  import { createClient } from '/src/client/index.ts'
  const client = createClient({ url: '${gateway}', source: '/page', giveUpAfterMs: ${giveUpAfterMs} })
  const told = []
  for (const id of ['a', 'b', 'c', 'a']) {
    told.push(await client.publish('order.placed', { orderId: 'o-' + id }, { id }).catch((error) => ({ code: error.code })))
  }
  await fetch('/result', { method: 'POST', body: JSON.stringify(told) })
`

test('pages of an origin that may call publish; those of another cannot', async (context) => {
  await requirePart(context, 'Chromium', missingChromium)
  let url = ''
  const allowed: Page = await page(() => script(url, 30_000))
  const other: Page = await page(() => script(url, 1))
  const { url: listening, stored } = await running({ cors: { origins: [allowed.origin] } })
  url = listening
  other.open()
  const refused = { code: 'VLX_GATEWAY_UNREACHABLE' }
  expect(await other.result).toEqual([refused, refused, refused, refused])
  expect(await stored()).toEqual([])
  allowed.open()
  expect(await allowed.result).toMatchObject([
    { id: 'a', replayed: false },
    { id: 'b', replayed: false },
    { id: 'c', replayed: false },
    { id: 'a', replayed: true },
  ])
  expect((await stored()).map(({ data }) => data)).toHaveLength(3)
}, 120_000)
