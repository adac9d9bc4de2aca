/**
 * Flags of `veltrix health`, checked.
 * @module
 */
import { UsageInvalid } from '../errors.ts'
import { duration } from '../values.ts'

/** Milliseconds by lane, of `critical=5s`. @throws UsageInvalid */
export function maxLags(given: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    given.map((text) => {
      const [, lane, limit] = /^([^=]+)=(.+)$/.exec(text) ?? []
      if (lane === undefined)
        throw new UsageInvalid(`--max-lag cannot be "${text}": write a lane and a duration, critical=5s.`)
      return [lane, duration('max-lag', limit)!]
    }),
  )
}

/** Where each tells whether it is ready. @throws UsageInvalid */
export function gatewayUrls(given: readonly string[]): readonly URL[] {
  return given.map((text) => {
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new UsageInvalid(`--gateway cannot be "${text}": give the address of a gateway as http://127.0.0.1:4680.`)
    }
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/readyz`
    return url
  })
}
