/**
 * The AsyncAPI document, on stdout or in a file.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { asyncApi } from '../../asyncapi/index.ts'
import { shown } from '../app-module.ts'
import { UsageInvalid } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Shell } from '../shell.ts'
import { withApp } from '../with-app.ts'

export interface ShownAsyncApi {
  readonly place: string | undefined
  /** Where it is written; undefined: stdout. */
  readonly file: string | undefined
  readonly gateway: string
}

/** With `--json` stdout has the document in one line, or `{"written"}`. @throws UsageInvalid */
export async function showAsyncApi({ place, file, gateway }: ShownAsyncApi, shell: Shell, out: Output): Promise<void> {
  const url = gatewayUrl(gateway)
  const document = await withApp(place, shell, async ({ config }) => asyncApi(config, { gateway: url }))
  const text = JSON.stringify(document, undefined, 2)
  if (file === undefined) {
    if (out.json) await out.result(document)
    else await out.lines(text)
    return
  }
  const path = resolve(shell.cwd, file)
  try {
    await writeFile(path, `${text}\n`)
  } catch (error) {
    throw new UsageInvalid(`--out ${file} cannot be written: ${(error as Error).message}.`)
  }
  if (out.json) await out.result({ written: path })
  else await out.lines(`Written to ${shown(path, shell.cwd)}.`)
}

function gatewayUrl(text: string): URL {
  const url = URL.parse(text)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new UsageInvalid(`--gateway cannot be "${text}": write a URL such as https://events.example.com.`)
}
