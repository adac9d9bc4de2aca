/**
 * Where the code of a thread lies, from the sources and from the package alike.
 * @module
 */
import { setFlagsFromString } from 'node:v8'

/**
 * The file `thread/<name>` beside the file that asks, with the same ending: `.ts` from the sources, `.js` in the package. To be called
 * right before the thread is started.
 * @param asking `import.meta.url` of the file that asks
 */
export function threadFile(name: string, asking: string): URL {
  const ending = asking.slice(asking.lastIndexOf('.'))
  if (ending === '.ts') keepImportsOfWasmGeneric()
  return new URL(`./thread/${name}${ending}`, asking)
}

/**
 * From the sources, Node strips the types in every thread by a WebAssembly module. Its imports are compiled after 1,000 calls and shared by all
 * threads of the process, and V8 13.6 (Node 24) ends the process when one thread frees such code while another one gets it: `Check failed:
 * jit_page.has_value()`, signal SIGTRAP (https://github.com/nodejs/node/issues/64500). So they are never compiled; the package has no
 * types to strip.
 */
function keepImportsOfWasmGeneric(): void {
  setFlagsFromString('--wasm-wrapper-tiering-budget=1000000000')
}
