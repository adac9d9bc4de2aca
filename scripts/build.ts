/**
 * `npm run build`: compiles src to dist with declarations and source maps, and makes the command executable.
 * `node scripts/build.ts <folder>` compiles elsewhere (the package tests do).
 * @module
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'
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
const command = join(out, 'cli', 'main.js')
if (!readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n')) {
  console.error('src/cli/main.ts must begin with "#!/usr/bin/env node": it is the veltrix command.')
  process.exit(1)
}
chmodSync(command, 0o755)
