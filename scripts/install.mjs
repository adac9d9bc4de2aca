/**
 * Installs dependencies when they are missing or older than package-lock.json; otherwise returns at once.
 * Plain JavaScript for the machine's own Node (20 or newer), before the project's Node 24 exists.
 * Everything it says goes to stderr, so that stdout stays clean for `--json`.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))
const stampFile = join(root, 'node_modules', '.veltrix-installed')
const nodeBinary = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

/** Digest of what decides the installed tree. */
function wanted() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/** The packages of a lock file, by path. */
function packagesOf(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
}

/** Every package of the lock is there in the same version, as npm's own note of the tree says. */
function treeMatchesLock() {
  let installed
  try {
    installed = packagesOf('node_modules/.package-lock.json')
  } catch {
    return false
  }
  for (const [path, entry] of Object.entries(packagesOf('package-lock.json'))) {
    if (path === '') continue
    const found = installed[path]
    // Packages for other platforms are optional and absent.
    if (!found && entry.optional) continue
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) return false
  }
  return true
}

/** True when nothing has to be done; the stamp saves comparing the whole tree the next time. */
function upToDate() {
  if (!existsSync(nodeBinary)) return false
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted()) return true
  if (!treeMatchesLock()) return false
  writeFileSync(stampFile, wanted())
  return true
}

/** Resolves with npm's exit code and what it printed. */
function runNpm() {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--no-audit', '--no-fund', '--json=false', '--loglevel=error', '--progress=false']
  return new Promise((resolve) => {
    const child = spawn(npm, args, {
      cwd: root,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    const keep = (chunk) => {
      text = (text + chunk).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => resolve({ code: 1, text: String(error) }))
    child.on('close', (code) => resolve({ code: code ?? 1, text }))
  })
}

/** What to do about a failed `npm ci`, in one sentence. */
function adviceFor(text) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(text)) {
    return 'The package registry cannot be reached. Connect to the network (or set "registry" in your ~/.npmrc), then run the same command again.'
  }
  if (/EACCES|EPERM|EROFS/.test(text)) return `The directory ${root} cannot be written. Make it writable and run again.`
  if (/ENOSPC/.test(text)) return 'The disk is full. Free about 500 MB and run again.'
  if (/in sync/.test(text)) {
    return 'package.json and package-lock.json differ. Run "npm install" to bring the lock up to date, then run again.'
  }
  return 'Run "npm ci --json=false" to see the whole story.'
}

/** Standard error: stdout belongs to the command that follows. */
function say(text) {
  process.stderr.write(text)
}

async function install() {
  const started = Date.now()
  say('Installing dependencies (once, about 10 s to 60 s) ')
  const dots = setInterval(() => say('.'), 1_000)
  const { code, text } = await runNpm()
  clearInterval(dots)
  if (code !== 0) {
    say(`\n\nDependencies could not be installed.\n${text.trim()}\n\n${adviceFor(text)}\n`)
    return code
  }
  if (!existsSync(nodeBinary)) {
    rmSync(stampFile, { force: true })
    say(
      '\n\nThe "node" package installed without its binary: its install script did not run. ' +
        'Allow it ("allowScripts" in package.json; "ignore-scripts" must be false in your ~/.npmrc), or use Node 24 or newer yourself.\n',
    )
    return Number(process.versions.node.split('.')[0]) >= 24 ? 0 : 1
  }
  writeFileSync(stampFile, wanted())
  say(` done in ${Math.round((Date.now() - started) / 1_000)} s\n`)
  return 0
}

process.exitCode = upToDate() ? 0 : await install()
