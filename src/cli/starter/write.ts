/**
 * Writing a starter project.
 * @module
 */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageInvalid } from '../errors.ts'
import { version } from '../version.ts'
import { starterFiles } from './files.ts'

/**
 * Writes the files of a starter called `name`, and answers with their names. All or none: a file that exists stops it before the first.
 * @throws UsageInvalid
 */
export async function writeStarter(directory: string, name: string): Promise<string[]> {
  const files = starterFiles(name, await version())
  const existing: string[] = []
  for (const file of Object.keys(files)) if (await exists(join(directory, file))) existing.push(file)
  if (existing.length > 0) {
    throw new UsageInvalid(
      `${directory} has ${existing.join(', ')} already. Choose another directory, or move them away.`,
    )
  }
  try {
    await mkdir(directory, { recursive: true })
    for (const [file, content] of Object.entries(files)) {
      await writeFile(join(directory, file), content, { flag: 'wx' })
    }
  } catch (error) {
    throw new UsageInvalid(`The project cannot be written to ${directory}: ${(error as Error).message}.`, {
      cause: error,
    })
  }
  return Object.keys(files)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
