/**
 * Publishing a file, or stdin.
 * @module
 */
import { open as openFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { App } from '../../veltrix.ts'
import { Interrupts } from '../dev/interrupts.ts'
import { UsageInvalid } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { bytes, compact, count, plural, printableLines, span } from '../format.ts'
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

interface Failed {
  readonly line: number
  readonly error: Record<string, unknown>
}

/** Errors told one by one; the others are counted. */
const mostErrors = 100
const mostShown = 20

/** Publishes every event of the file. Resolves to the exit code. */
export async function publishFile(app: Pick<App, 'publish' | 'config'>, options: FileOptions): Promise<number> {
  const { shell, out } = options
  const source = await open(options)
  const progress = new Progress(shell.stderr, shell.clock, source.bytes)
  const interrupts = new Interrupts(shell)
  const errors: Failed[] = []
  const failed = (line: number, error: unknown): void => {
    if (errors.length < mostErrors) errors.push({ line, error: errorJson(error) })
    if (progress.failed > mostShown) return
    progress.clear()
    out.note(printableLines(`line ${line}: ${error instanceof Error ? error.message : String(error)}`))
  }
  // Whoever waits for more input waits for nothing then.
  interrupts.signal.addEventListener('abort', () => source.stream.destroy())
  try {
    const items = readItems(source.stream, {
      progress: (bytes) => {
        progress.bytes = bytes
      },
    })
    const { type, given } = options
    await publishStream({ app, items, type, given, progress, failed, signal: interrupts.signal })
  } catch (error) {
    if (!interrupts.signal.aborted) throw error
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
  errors: readonly Failed[],
  interrupted: boolean,
): Promise<void> {
  const { published, duplicates, failed } = progress
  if (failed > mostShown) out.note(`and ${failed - mostShown} more failed`)
  if (published === 0 && errors.some(({ error }) => String(error['message']).startsWith('not JSON'))) {
    out.note(
      'Input that does not begin with "[" is read line by line: one JSON value a line, not laid out over several.',
    )
  }
  if (interrupted) out.note('interrupted: what was read so far is published')
  else if (published + failed === 0) out.note('There was no event in the input.')
  if (!out.json) return out.lines(resultText(progress))
  const durationMs = Math.round(progress.durationMs)
  const byLine = errors.toSorted((a, b) => a.line - b.line)
  await out.result({ published, duplicates, failed, durationMs, bytes: progress.bytes, interrupted, errors: byLine })
}

/** `12,000 events published (3 there already), 2 failed  8.2k/s  2.7 MiB  3.4s` */
function resultText(progress: Progress): string {
  const { published, duplicates, failed, perSecond, durationMs } = progress
  const there = duplicates > 0 ? ` (${count(duplicates)} there already)` : ''
  const not = failed > 0 ? `, ${count(failed)} failed` : ''
  const pace = [`${compact(Math.round(perSecond))}/s`, bytes(progress.bytes), span(durationMs)]
  return [`${plural(published, 'event')} published${there}${not}`, ...pace].join('  ')
}

async function open({ file, shell }: FileOptions): Promise<{ stream: Readable; bytes: number | undefined }> {
  if (file === '-') return { stream: shell.stdin, bytes: undefined }
  try {
    const handle = await openFile(resolve(shell.cwd, file))
    const found = await handle.stat()
    if (!found.isDirectory()) {
      return {
        stream: handle.createReadStream({ highWaterMark: 256 * 1024 }),
        bytes: found.isFile() ? found.size : undefined,
      }
    }
    await handle.close()
  } catch (error) {
    throw new UsageInvalid(`--file cannot be "${file}": ${whyNot(error as NodeJS.ErrnoException)}.`)
  }
  throw new UsageInvalid(`--file cannot be "${file}": it is a directory.`)
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EACCES' ? 'this user may not read it' : message
}
