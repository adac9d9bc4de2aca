/**
 * A project with the package as a user has it: compiled, with its dependencies in node_modules, and programs in plain JavaScript.
 * What is measured there is not the price of running TypeScript as it is.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Makes the project in `directory` and gives its path. */
export function installInto(directory: string): string {
  const project = join(directory, 'project')
  const modules = join(project, 'node_modules')
  const installed = join(modules, 'veltrix')
  mkdirSync(installed, { recursive: true })
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.ts'), join(installed, 'dist')])
  if (built.status !== 0) throw new Error(`The build failed: ${built.stdout}${built.stderr}`)
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  for (const name of [...Object.keys(manifest.dependencies), 'zod']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  return project
}

/** Copies files of bench/ into the project as JavaScript that enters the package by its doors. */
export function copyPrograms(project: string, names: readonly string[]): void {
  for (const name of names) {
    const source = stripTypeScriptTypes(readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8'))
    const program = source
      .replaceAll("'../src/index.ts'", "'veltrix'")
      .replaceAll("'../src/transport/embedded/index.ts'", "'veltrix/embedded'")
      .replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'")
    writeFileSync(join(project, `${name}.js`), program)
  }
}
