/**
 * Which addresses may be connected to when somebody else has chosen the host: only those that the whole internet can reach. Whoever
 * registers a webhook must not reach what only this machine can: itself, its network, the metadata of its cloud.
 */
import ipaddr from 'ipaddr.js'

/** A network in CIDR notation, read. */
export interface AddressRange {
  readonly address: ipaddr.IPv4 | ipaddr.IPv6
  readonly bits: number
}

/** Undefined for what is no network in CIDR notation; an address alone is one. */
export function addressRange(text: string): AddressRange | undefined {
  const cidr = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`
  // The library also takes IPv4 in octal, in hexadecimal and with parts left out: nobody means that here.
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\/\d{1,3}$/.test(cidr))
    return undefined
  if (!ipaddr.isValidCIDR(cidr)) return undefined
  const [address, bits] = ipaddr.parseCIDR(cidr)
  return { address, bits }
}

/** All of global unicast (RFC 4291 §2.4, IANA): what is outside of it is assigned to nobody. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** Looks public, and is a cloud's own: Azure's platform services. */
const cloudServices = ipaddr.IPv4.parseCIDR('168.63.129.16/32')

/**
 * Whether a connection to this address may be made. What is no address may not.
 *
 * @param allowed networks that may be connected to all the same
 */
export function isReachableAddress(text: string, allowed: readonly AddressRange[]): boolean {
  if (!ipaddr.isValid(text)) return false
  // An IPv4 address that IPv6 maps (RFC 4291 §2.5.5.2) is judged as the IPv4 address that it leads to.
  const address = ipaddr.process(text)
  if (allowed.some((range) => isWithin(address, range))) return true
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv6'
    ? (address as ipaddr.IPv6).match(globalUnicast)
    : !(address as ipaddr.IPv4).match(cloudServices)
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, range: AddressRange): boolean {
  return address.kind() === range.address.kind() && address.match(range.address, range.bits)
}
