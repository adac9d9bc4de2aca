/**
 * A real browser without a window, and pages for it.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export function missingChromium(): string | undefined {
  return programs.some((program) => existsSync(program)) ? undefined : 'install chromium'
}

export function chromiumProgram(): string {
  return programs.find((program) => existsSync(program))!
}

const root = join(import.meta.dirname, '..', '..')

export interface Page {
  readonly origin: string
  /** What its script posts to `/result`. */
  readonly result: Promise<unknown>
  /** Shows it. */
  open(): void
}

/** A page of an origin of its own with `script` (a module), which may import `/src/…` of this project. Ends with the test. */
export async function page(script: () => string): Promise<Page> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://page').pathname
    if (path === '/result') {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        response.end()
        resolve(JSON.parse(body))
      })
    } else if (/^\/src\/[\w/-]+\.ts$/.test(path)) {
      response.setHeader('content-type', 'text/javascript')
      response.end(stripTypeScriptTypes(readFileSync(join(root, path), 'utf8')))
    } else {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><title>page</title><script type="module">${script()}</script>`)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, result: promise, open: () => show(origin) }
}

function show(url: string): void {
  const profile = mkdtempSync(join(tmpdir(), 'veltrix-chromium-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
  // A group of its own: it has children.
  const browser = spawn(chromiumProgram(), [...flags, `--user-data-dir=${profile}`, '--remote-debugging-port=0', url], {
    stdio: 'ignore',
    detached: true,
  })
  onTestFinished(async () => {
    const ended = once(browser, 'exit')
    process.kill(-browser.pid!, 'SIGKILL')
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })
}
