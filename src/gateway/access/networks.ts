/**
 * Networks that are trusted, and whether an address is in one.
 * @module
 */
import { isIP, type BlockList } from 'node:net'

/** Adds an address or network to `list`; false when it is neither, or is everybody. */
export function addNetwork(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (prefix === undefined) {
    list.addAddress(address, family)
    return true
  }
  if (!/^[1-9]\d{0,2}$/.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) return false
  list.addSubnet(address, Number(prefix), family)
  return true
}

export function isWithin(list: BlockList, text: string): boolean {
  const address = text.split('%', 1)[0]!
  const version = isIP(address)
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
