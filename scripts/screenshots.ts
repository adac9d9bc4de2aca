/**
 * `npm run screenshots`: the pictures of the dashboard in docs/images, taken from the running example in the system's Chromium.
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { chromium, type Browser } from 'playwright-core'

const root = join(import.meta.dirname, '..')
const images = join(root, 'docs', 'images')
const mostBytes = 200_000
/** So that the plots have something to show: floods, the outage, the order that cannot be fulfilled. */
const filledMs = 75_000

interface Picture {
  readonly file: string
  readonly screen: string
  readonly colorScheme: 'light' | 'dark'
  /** There when the screen is drawn. */
  readonly shown: string
  readonly height: number
}

const pictures: readonly Picture[] = [
  { file: 'overview-light.png', screen: 'overview', colorScheme: 'light', shown: 'Throughput by lane', height: 800 },
  { file: 'overview-dark.png', screen: 'overview', colorScheme: 'dark', shown: 'Throughput by lane', height: 800 },
  { file: 'flow.png', screen: 'flow', colorScheme: 'light', shown: 'Streams and lanes', height: 560 },
  { file: 'dead-letters.png', screen: 'dead/warehouse', colorScheme: 'light', shown: 'no such goods', height: 640 },
]

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)
if (program === undefined) {
  console.error('No Chromium here: install it, then run this again.')
  process.exit(1)
}

const directory = mkdtempSync(join(tmpdir(), 'veltrix-screenshots-'))
const example = start()
let browser: Browser | undefined
try {
  const address = await addressOf(example)
  browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
  console.log(`waiting ${filledMs / 1000} s, so that there is something to see`)
  await wait(filledMs)
  mkdirSync(images, { recursive: true })
  for (const picture of pictures) await take(browser, address, picture)
} finally {
  await browser?.close()
  if (example.exitCode === null) {
    example.kill('SIGTERM')
    await once(example, 'exit')
  }
  rmSync(directory, { recursive: true, force: true })
}

function start(): ChildProcess {
  const args = ['src/cli/main.ts', 'dev', 'examples/checkout/veltrix.app.ts', '--dashboard-port', '0']
  return spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, CHECKOUT_DIRECTORY: join(directory, 'checkout') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** As it is printed. Goes on reading, so that the example is not held up. */
function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const said: string[] = []
  for (const stream of [stdout!, stderr!]) {
    createInterface(stream).on('line', (line) => {
      said.push(line)
      const address = /http:\S+#token=[\w-]+/.exec(line)?.[0]
      if (address !== undefined) resolve(address)
    })
  }
  example.once('exit', () => reject(new Error(`the example ended: ${said.join('\n')}`)))
  return promise
}

async function take(from: Browser, address: string, picture: Picture): Promise<void> {
  const { file, screen, colorScheme, shown, height } = picture
  const context = await from.newContext({ viewport: { width: 1200, height }, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(address)
  await page.locator('h1').waitFor()
  await page.goto(`${address.replace(/#.*/, '')}#/${screen}`)
  await page.getByText(shown).first().waitFor()
  // One more second's numbers.
  await wait(1_500)
  const path = join(images, file)
  await page.screenshot({ path })
  await context.close()
  const { size } = statSync(path)
  console.log(`${file}  ${(size / 1024).toFixed(0)} KiB`)
  if (size > mostBytes) throw new Error(`${file} has ${size} bytes, more than ${mostBytes}`)
}
