/**
 * Finding and loading the app a command works on.
 * @module
 */
import { stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CompiledConfig } from '../config/index.ts'
import { isVeltrixError } from '../errors.ts'
import type { App, Definition } from '../veltrix.ts'
import { AppNotFound } from './errors.ts'
import type { Scenario } from './scenario.ts'
import type { Shell } from './shell.ts'

export interface LoadedApp {
  readonly app: App
  readonly config: CompiledConfig
  readonly scenario: Scenario | undefined
  /** Full path of the module. */
  readonly file: string
  /** The module has an app with handlers; false when it is only a typed file. */
  readonly hasHandlers: boolean
}

/** `dev` wants the handlers; the others only need the typed file, and leave alone what an app module opens. */
const stems = { app: ['veltrix.app', 'veltrix.config'], definition: ['veltrix.config', 'veltrix.app'] } as const
type Preferred = keyof typeof stems
const extensions = ['ts', 'mts', 'js', 'mjs']

/**
 * Loads the app of `place`: a module, a directory that has one, or nothing for the current directory. Only opens and starts
 * what the module itself opens and starts.
 * @throws AppNotFound, ConfigInvalid
 */
export async function loadApp(
  place: string | undefined,
  shell: Pick<Shell, 'cwd'>,
  preferred: Preferred = 'definition',
): Promise<LoadedApp> {
  const file = await findApp(place, shell.cwd, preferred)
  try {
    return await load(file, shell.cwd)
  } catch (error) {
    // Several files may have been looked for: say which one it is.
    if (isVeltrixError(error) && !(error instanceof AppNotFound)) {
      error.message = `${shown(file, shell.cwd)}: ${error.message}`
    }
    throw error
  }
}

async function load(file: string, cwd: string): Promise<LoadedApp> {
  const module = await importModule(file)
  const exported = module['default']
  const scenario = module['scenario'] as Scenario | undefined
  if (isApp(exported)) return { app: exported, config: exported.config, scenario, file, hasHandlers: true }
  if (!isDefinition(exported)) {
    const what = exported === undefined ? 'has no default export' : 'exports neither an app nor a typed file as default'
    throw new AppNotFound(
      `${shown(file, cwd)} ${what}. Write \`export default veltrix(config).handle(…)\`, or \`export default defineVeltrix({…})\`.`,
      [file],
    )
  }
  const { veltrix } = await import('../index.ts')
  const app: App = veltrix(exported)
  return { app, config: app.config, scenario, file, hasHandlers: false }
}

/**
 * The module's path.
 * @throws AppNotFound naming every place looked at
 */
export async function findApp(place: string | undefined, cwd: string, preferred: Preferred): Promise<string> {
  const target = resolve(cwd, place ?? '.')
  const kind = await kindOf(target)
  if (kind === 'file') return target
  if (kind === undefined) {
    throw new AppNotFound(`There is no ${shown(target, cwd)}. Give the app module or a directory that has one.`, [
      target,
    ])
  }
  const looked: string[] = []
  for (const stem of stems[preferred]) {
    for (const extension of extensions) {
      const candidate = join(target, `${stem}.${extension}`)
      looked.push(candidate)
      if ((await kindOf(candidate)) === 'file') return candidate
    }
  }
  const names = stems[preferred].map((stem) => `${stem}.{${extensions.join(',')}}`).join(' and ')
  throw new AppNotFound(
    `No app in ${target}: looked for ${names}. Name the module, change directory, or run "veltrix init".`,
    looked,
  )
}

/** @throws AppNotFound when it does not load */
export async function importModule(file: string, version = 0): Promise<Record<string, unknown>> {
  try {
    return (await import(`${pathToFileURL(file).href}${version === 0 ? '' : `?${version}`}`)) as Record<string, unknown>
  } catch (error) {
    if (isVeltrixError(error)) throw error
    const problem = error instanceof Error ? `${error.message}${placeIn(error, file)}` : String(error)
    throw new AppNotFound(`${basename(file)} in ${dirname(file)} does not load: ${problem}`, [file], { cause: error })
  }
}

/** ` (veltrix.app.ts:12:3)`, when the stack tells. */
function placeIn(error: Error, file: string): string {
  const at = error.stack?.split('\n').find((line) => line.includes(basename(file)))
  const found = at === undefined ? null : /([^/\\]+:\d+(?::\d+)?)\)?$/.exec(at)
  return found === null ? '' : ` (${found[1]})`
}

/** Told by its shape: the app may come from another copy of the package than this command line. */
function isApp(value: unknown): value is App {
  const app = value as Partial<App> | null | undefined
  return typeof app === 'object' && app !== null && typeof app.start === 'function' && typeof app.publish === 'function'
}

function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && 'app' in value && 'streams' in value
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file'
  } catch {
    return undefined
  }
}

/** A path as the person at the terminal would write it. */
export function shown(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short === '' || short.startsWith('..') ? path : short
}
