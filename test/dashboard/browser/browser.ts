/**
 * The dashboard's page in the system's Chromium.
 * @module
 */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { onTestFinished, vi } from 'vitest'
import { chromiumProgram } from '../../support/chromium.ts'

// A browser beside everything else on a small machine: no test here is about how fast it is.
vi.setConfig({ testTimeout: 120_000 })
const waitMs = 60_000

let browser: Promise<Browser> | undefined

/** One browser for a file; call in `afterAll`. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export async function launched(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumProgram(), args: ['--no-sandbox', ...args] })
}

export interface Opened {
  readonly page: Page
  /** What the page complained about: errors on the console, and uncaught ones. */
  readonly complaints: string[]
  /** Addresses it asked for. */
  readonly requests: ReadonlySet<string>
  /** Goes to a screen by its address behind `#/`. */
  to(screen: string): Promise<void>
}

/** Opens an address as it was printed, in a profile of its own. Ends with the test. */
export async function opened(address: string, options: BrowserContextOptions = {}): Promise<Opened> {
  browser ??= launched()
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  onTestFinished(() => context.close())
  context.setDefaultTimeout(waitMs)
  const page = await context.newPage()
  const complaints: string[] = []
  const requests = new Set<string>()
  page.on('request', (request) => requests.add(request.url()))
  page.on('console', (message) => {
    const { url } = message.location()
    if (message.type() === 'error' && !isLetterGone(message.text(), url)) complaints.push(`${message.text()} (${url})`)
  })
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  await page.goto(address)
  await page.locator('h1').waitFor()
  return {
    page,
    complaints,
    requests,
    async to(screen) {
      await page.evaluate((hash) => {
        // @ts-expect-error: it runs in the browser
        location.hash = hash
      }, `#/${screen}`)
    },
  }
}

/** The page may look at a letter once more that was just handled or let go: a browser writes down every answer 404. */
function isLetterGone(text: string, url: string): boolean {
  return text.includes('404') && /\/api\/dead\/[^/]+\/letters\//.test(url)
}
