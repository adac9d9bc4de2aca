/**
 * What each public door exports at run time. A change here is a change of the public interface: say it in CHANGELOG.md.
 * Update with `npx vitest run test/package/exports -u`.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { readonly default: string } | string>
}
const doors = Object.entries(exports).flatMap(([door, target]) =>
  typeof target === 'string'
    ? []
    : [[door, target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')] as const],
)

test.each(doors)('%s', async (door, file) => {
  const names = Object.keys((await import(join(root, file))) as object).toSorted()
  const snapshot = door === '.' ? 'veltrix' : `veltrix-${door.slice(2)}`
  await expect(`${names.join('\n')}\n`).toMatchFileSnapshot(`exports/${snapshot}.txt`)
})
