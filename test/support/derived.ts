/**
 * An object that is another one but for some of its members.
 * @module
 */

/** `original` with some of its methods replaced. */
export function derived<T extends object>(original: T, changed: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      const found = Reflect.get(name in changed ? changed : target, name) as unknown
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
