/**
 * Publishing a file, or stdin.
 * @module
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { App } from '../../veltrix.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { UsageInvalid } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { span } from '../format.ts'
import type { PublicationOptions } from '../input/publication.ts'
import { readItems } from '../input/read.ts'
import { errorJson, type Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { Progress } from './progress.ts'
import { publishStream } from './stream.ts'

export interface FileOptions {
  /** `-` is stdin. */
  readonly file: string
  readonly type: string | undefined
  readonly given: PublicationOptions
  readonly shell: Shell
  readonly out: Output
}

/** Errors told one by one; the others are counted. */
const mostErrors = 100
const mostShown = 20

/** Publishes every event of the file. Resolves to the exit code. */
export async function publishFile(app: Pick<App, 'publish'>, options: FileOptions): Promise<number> {
  const { shell, out } = options
  const source = await open(options)
  const progress = new Progress(shell.stderr, shell.clock, source.bytes)
  const interrupts = new Interrupts(shell)
  const errors: { line: number; error: unknown }[] = []
  const failed = (line: number, error: unknown): void => {
    if (errors.length < mostErrors) errors.push({ line, error: errorJson(error) })
    if (progress.failed > mostShown) return
    progress.clear()
    out.note(`line ${line}: ${error instanceof Error ? error.message : String(error)}`)
  }
  try {
    const items = readItems(source.stream, {
      progress: (bytes) => {
        progress.bytes = bytes
      },
    })
    const { type, given } = options
    await publishStream({ app, items, type, given, progress, failed, signal: interrupts.signal })
  } finally {
    interrupts.close()
    progress.clear()
    source.stream.destroy()
  }
  await tell(options, progress, errors, interrupts.signal.aborted)
  return progress.failed > 0 || interrupts.signal.aborted ? exitCodes.failed : exitCodes.ok
}

async function tell(
  { out }: FileOptions,
  progress: Progress,
  errors: readonly unknown[],
  interrupted: boolean,
): Promise<void> {
  const { published, duplicates, failed } = progress
  if (out.json) {
    const durationMs = Math.round(progress.durationMs)
    await out.result({ published, duplicates, failed, durationMs, bytes: progress.bytes, interrupted, errors })
  }
  if (failed > mostShown) out.note(`and ${failed - mostShown} more failed`)
  if (interrupted) out.note('interrupted: what was read so far is published')
  out.note(
    `${progress.text()}  ${span(progress.durationMs)}${duplicates > 0 ? `  ${duplicates} were there already` : ''}`,
  )
}

async function open({ file, shell }: FileOptions): Promise<{ stream: Readable; bytes: number | undefined }> {
  if (file === '-') return { stream: shell.stdin, bytes: undefined }
  const path = resolve(shell.cwd, file)
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new UsageInvalid(`--file cannot be "${file}": it is a directory.`)
    return {
      stream: createReadStream(path, { highWaterMark: 256 * 1024 }),
      bytes: found.isFile() ? found.size : undefined,
    }
  } catch (error) {
    if (error instanceof UsageInvalid) throw error
    throw new UsageInvalid(`--file cannot be "${file}": ${(error as Error).message}.`, { cause: error })
  }
}
