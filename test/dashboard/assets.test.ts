/**
 * The files of the page, as a browser gets them.
 * @module
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Assets, encoded } from '../../src/dashboard/assets.ts'

let root: string
let assets: Assets

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'veltrix-page-'))
  const folder = join(root, 'page')
  mkdirSync(join(folder, 'parts'), { recursive: true })
  writeFileSync(join(root, 'secret.js'), 'export const secret = 1')
  writeFileSync(join(root, 'view.js'), "import { h } from 'preact'\nexport const view = h")
  writeFileSync(join(root, 'core.js'), 'export const h = 1')
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/page/main.js"></script>')
  writeFileSync(join(folder, 'main.ts'), mainSource)
  writeFileSync(join(folder, 'main.d.ts'), 'export {}')
  writeFileSync(join(folder, 'notes.md'), 'not for browsers')
  writeFileSync(join(folder, 'parts', 'look.css'), 'body { margin: 0 }'.repeat(50))
  assets = new Assets({
    folder,
    vendor: {
      preact: { path: '/vendor/preact.js', from: join(root, 'core.js') },
      'view/here': { path: '/vendor/view.js', from: join(root, 'view.js') },
    },
  })
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const mainSource = `import type { LiveSecond } from '../api/index.ts'
import { h } from 'preact'
import { view } from "view/here"
import { other } from './parts/other.ts'
const lazy = import('preact')
export const seen: LiveSecond[] = []
console.log(h, view, other, lazy, 'preact')
`

async function text(path: string): Promise<string | undefined> {
  return (await assets.find(path))?.plain.toString()
}

test('a module has no types, and takes packages from this server', async () => {
  const code = (await text('/page/main.js'))!
  expect(code).not.toContain('LiveSecond')
  expect(code).toContain("from '/vendor/preact.js'")
  expect(code).toContain('from "/vendor/view.js"')
  expect(code).toContain("import('/vendor/preact.js')")
  expect(code).toContain("from './parts/other.ts'")
  // Only what is imported.
  expect(code).toContain("lazy, 'preact')")
  expect(await text('/page/main.ts')).toBe(code)
  expect((await assets.find('/page/main.js'))!.type).toBe('text/javascript; charset=utf-8')
})

test('what a package imports leads here too', async () => {
  expect(await text('/vendor/view.js')).toContain("from '/vendor/preact.js'")
})

test('the page and its styles are there with their types', async () => {
  expect((await assets.find('/'))!.type).toBe('text/html; charset=utf-8')
  expect((await assets.find('/page/parts/look.css'))!.type).toBe('text/css; charset=utf-8')
})

test.for([
  '/page/../secret.js',
  '/page/..%2fsecret.js',
  '/page/./main.js',
  '/page//main.js',
  '/page/parts/../main.js',
  '/page/notes.md',
  '/page/main.d.ts',
  '/page/main.d.js',
  '/page/',
  '/page/parts',
  '/page/__proto__',
  '/secret.js',
  '/vendor/../secret.js',
  '/vendor/fastify.js',
  '/vendor/',
  '/page/main.js\0.css',
  '/page/nothing.js',
  '',
])('there is nothing at %j', async (path) => {
  expect(await assets.find(path)).toBeUndefined()
})

test('an encoding is used that the client takes', async () => {
  const asset = (await assets.find('/page/parts/look.css'))!
  const { plain } = asset
  const br = await encoded(asset, 'gzip, deflate, br, zstd')
  expect(br.encoding).toBe('br')
  expect(brotliDecompressSync(br.body)).toEqual(plain)
  const gz = await encoded(asset, 'gzip;q=0.5, br;q=0')
  expect(gz.encoding).toBe('gzip')
  expect(gunzipSync(gz.body)).toEqual(plain)
  expect(await encoded(asset, undefined)).toEqual({ encoding: undefined, body: plain })
  expect(await encoded(asset, 'brother')).toEqual({ encoding: undefined, body: plain })
})

test('a file that changes has another tag and other content', async () => {
  const before = (await assets.find('/page/parts/look.css'))!
  expect((await assets.find('/page/parts/look.css'))!).toBe(before)
  writeFileSync(join(root, 'page', 'parts', 'look.css'), 'body { margin: 1px; padding: 3px }')
  const after = (await assets.find('/page/parts/look.css'))!
  expect(after.etag).not.toBe(before.etag)
  expect(after.plain.toString()).toContain('1px')
})
