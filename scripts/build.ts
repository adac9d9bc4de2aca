/**
 * `npm run build`: compiles src to dist with declarations and source maps, and makes the command executable.
 * `node scripts/build.ts <folder>` compiles into another dist (the package tests and the benchmark do); its maps lead to the src beside it.
 * @module
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const tsImport = /((?:from |import\(|import )['"]\.{1,2}\/[^'"]+)\.ts(?=['"])/g
const out = resolve(process.argv[2] ?? join(root, 'dist'))

rmSync(out, { recursive: true, force: true })
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
// The dashboard's page is for browsers, so it is compiled on its own; first, because it brings the types that both sides share along.
compile(join('src', 'dashboard', 'page'), '--noEmit', 'false')
compile('tsconfig.build.json')
// tsc rewrites `./x.ts` to `./x.js` in what runs, but not in declarations, where only newer compilers understand it.
for (const path of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
  if (path.endsWith('.d.ts')) rewrite(path, (text) => text.replaceAll(tsImport, '$1.js'))
  if (path.endsWith('.map') && out !== join(root, 'dist')) rewrite(path, (text) => mapToSourceBeside(path, text))
}

// Of the dashboard's page only the modules are compiled.
const page = join('dashboard', 'page')
for (const path of existsSync(join(root, 'src', page))
  ? readdirSync(join(root, 'src', page), { recursive: true, encoding: 'utf8' })
  : []) {
  if (!/\.(?:html|css|svg|png|woff2)$/.test(path)) continue
  mkdirSync(dirname(join(out, page, path)), { recursive: true })
  copyFileSync(join(root, 'src', page, path), join(out, page, path))
  if (path.endsWith('.html'))
    rewrite(join(page, path), (text) => text.replaceAll(/(href="\/page\/[^"]+)\.ts"/g, '$1.js"'))
}

const command = join(out, 'cli', 'main.js')
if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n')) {
  console.error('src/cli/main.ts must begin with "#!/usr/bin/env node": it is the veltrix command.')
  process.exit(1)
}
chmodSync(command, 0o755)

function compile(project: string, ...options: string[]): void {
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project), '--outDir', out, ...options], {
    stdio: 'inherit',
  })
  if (status === 0) return
  console.error('The build failed: tsc says why above.')
  process.exit(status ?? 1)
}

function rewrite(path: string, change: (text: string) => string): void {
  const file = join(out, path)
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  if (changed !== text) writeFileSync(file, changed)
}

/** tsc names the sources where they were compiled from. */
function mapToSourceBeside(path: string, text: string): string {
  const map = JSON.parse(text) as { sources: string[] }
  const folder = dirname(join(out, path))
  const sources = map.sources.map((source) =>
    relative(folder, join(out, '..', 'src', relative(join(root, 'src'), resolve(folder, source)))),
  )
  return JSON.stringify({ ...map, sources })
}
