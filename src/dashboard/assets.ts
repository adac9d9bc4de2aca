/**
 * The files of the page: what a path of the address bar stands for, as it is sent. Nothing is looked up by a name that came over the network
 * but in lists made here, so no path leads out of the page's folder.
 * @module
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

type Encoding = 'br' | 'gzip'

/** A file as it is sent. */
export interface Asset {
  readonly type: string
  /** Of its content: another one when it changes. */
  readonly etag: string
  readonly plain: Buffer
  /** Packed when it is first asked for. */
  readonly packed: Partial<Record<Encoding, Promise<Buffer>>>
}

export interface AssetsOptions {
  /** Where the page lies. Default beside this file: sources in a checkout, compiled in the package. */
  readonly folder?: string
  /** Modules from packages by the name they are imported by: where each lies, and what it is called under `/vendor/`. */
  readonly vendor?: Readonly<Record<string, VendorFile>>
}

export interface VendorFile {
  readonly path: string
  /** A file, or what is resolved as an import. */
  readonly from: string
  /** A script that makes this variable becomes a module that exports it: some packages have no small module. */
  readonly exports?: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** All that the page takes from packages. */
export const vendorFiles: Readonly<Record<string, VendorFile>> = {
  preact: { path: '/vendor/preact.js', from: 'preact' },
  'preact/hooks': { path: '/vendor/preact-hooks.js', from: 'preact/hooks' },
  htm: { path: '/vendor/htm.js', from: 'htm' },
  uplot: { path: '/vendor/uplot.js', from: 'uplot/dist/uPlot.iife.min.js', exports: 'uPlot' },
  'uplot/dist/uPlot.min.css': { path: '/vendor/uplot.css', from: 'uplot/dist/uPlot.min.css' },
}

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

const packers: Readonly<Record<Encoding, (plain: Buffer) => Promise<Buffer>>> = {
  // The best would take a second for all files, for a tenth less.
  br: (plain) => brotli(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (plain) => gzipped(plain),
}

/** A file as it lay there; it is made anew when it was changed. */
interface Kept {
  readonly version: string
  readonly made: Promise<Asset>
}

interface Found {
  readonly path: string
  readonly exports: string | undefined
}

export class Assets {
  readonly #folder: string
  readonly #vendor: Readonly<Record<string, VendorFile>>
  readonly #kept = new Map<string, Kept>()
  /** Every file of the page by its path below it. */
  #files: Promise<ReadonlyMap<string, string>> | undefined

  constructor({ folder, vendor }: AssetsOptions = {}) {
    this.#folder = folder ?? join(import.meta.dirname, 'page')
    this.#vendor = vendor ?? vendorFiles
  }

  /** What is sent for a path (`/`, `/page/main.js`, `/vendor/preact.js`); undefined: there is nothing. */
  async find(path: string): Promise<Asset | undefined> {
    const file = await this.#fileOf(path)
    if (file === undefined) return undefined
    const state = await stat(file.path).catch(() => undefined)
    if (state === undefined) return undefined
    const version = `${state.mtimeMs} ${state.size}`
    const kept = this.#kept.get(file.path)
    if (kept?.version === version) return kept.made
    const made = this.#make(file)
    this.#kept.set(file.path, { version, made })
    made.catch(() => this.#kept.delete(file.path))
    return made
  }

  async #fileOf(path: string): Promise<Found | undefined> {
    if (path === '/') return found(await this.#pageFile('index.html'))
    const vendor = Object.values(this.#vendor).find((each) => each.path === path)
    if (vendor !== undefined) return { path: vendorPath(vendor.from), exports: vendor.exports }
    if (!path.startsWith('/page/')) return undefined
    const name = path.slice('/page/'.length)
    return found(await this.#pageFile(name))
  }

  /** What is not there is looked for again: in a checkout somebody may be working on it. */
  async #pageFile(name: string): Promise<string | undefined> {
    // In a checkout there is only the source of a module.
    const source = name.replace(/\.js$/, '.ts')
    const of = (files: ReadonlyMap<string, string> | undefined): string | undefined =>
      files?.get(name) ?? files?.get(source)
    const known = of(await this.#files)
    if (known !== undefined) return known
    this.#files = this.#listed()
    return of(await this.#files)
  }

  async #listed(): Promise<ReadonlyMap<string, string>> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => [])
    return new Map(
      names
        .map((name) => name.replaceAll('\\', '/'))
        .filter((name) => extname(name) in types && !name.endsWith('.d.ts'))
        .map((name) => [name, join(this.#folder, name)]),
    )
  }

  async #make({ path: file, exports }: Found): Promise<Asset> {
    const content = this.#content(file, await readFile(file))
    const plain = exports === undefined ? content : Buffer.from(`${content.toString()}\nexport default ${exports}\n`)
    const type = types[extname(file)] ?? types['.js']!
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
    return { type, etag, plain, packed: {} }
  }

  #content(file: string, content: Buffer): Buffer {
    const extension = extname(file)
    if (extension === '.ts') return Buffer.from(this.#withVendor(stripped(content.toString())))
    return /^\.m?js$/.test(extension) ? Buffer.from(this.#withVendor(content.toString())) : content
  }

  /** Imports of packages lead to where this server has them. */
  #withVendor(code: string): string {
    return code.replaceAll(
      /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([a-z@][\w./@-]*)\2/g,
      (whole, before: string, quote: string, name: string) => {
        const vendor = this.#vendor[name]
        return vendor === undefined ? whole : `${before}${quote}${vendor.path}${quote}`
      },
    )
  }
}

function found(path: string | undefined): Found | undefined {
  return path === undefined ? undefined : { path, exports: undefined }
}

function vendorPath(from: string): string {
  return from.startsWith('/') ? from : fileURLToPath(import.meta.resolve(from))
}

/** Node calls it experimental each time a process does it first, which is nobody's concern who looks at a page. */
function stripped(code: string): string {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(code)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The body that a client wants by `accept-encoding`. */
export async function encoded(
  asset: Asset,
  accept: string | undefined,
): Promise<{ encoding: Encoding | undefined; body: Buffer }> {
  const { plain, packed } = asset
  const encoding = (['br', 'gzip'] as const).find((name) => wants(accept, name))
  if (encoding === undefined) return { encoding, body: plain }
  packed[encoding] ??= packers[encoding](plain)
  const body = await packed[encoding]
  return body.length < plain.length ? { encoding, body } : { encoding: undefined, body: plain }
}

function wants(accept: string | undefined, name: string): boolean {
  const wanted = new RegExp(`^\\s*${name}\\s*(?:;\\s*q=(?!0(?:\\.0*)?\\s*$).*)?$`, 'i')
  return (accept ?? '').split(',').some((each) => wanted.test(each))
}
