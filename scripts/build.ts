/**
 * `npm run build`: compiles src to dist with declarations and source maps, and makes the command executable.
 * `node scripts/build.ts <folder>` compiles elsewhere (the package tests do).
 * @module
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const out = resolve(process.argv[2] ?? join(root, 'dist'))

rmSync(out, { recursive: true, force: true })
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', out], {
  stdio: 'inherit',
})
if (status !== 0) {
  console.error('The build failed: tsc says why above.')
  process.exit(status ?? 1)
}
// tsc rewrites `./x.ts` to `./x.js` in what runs, but not in declarations, where only newer compilers understand it.
for (const path of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('.d.ts')) continue
  const file = join(out, path)
  const text = readFileSync(file, 'utf8')
  const js = text.replaceAll(/((?:from |import\(|import )['"]\.{1,2}\/[^'"]+)\.ts(?=['"])/g, '$1.js')
  if (js !== text) writeFileSync(file, js)
}

const command = join(out, 'cli', 'main.js')
if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n')) {
  console.error('src/cli/main.ts must begin with "#!/usr/bin/env node": it is the veltrix command.')
  process.exit(1)
}
chmodSync(command, 0o755)
