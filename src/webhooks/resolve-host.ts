/** From a host to the addresses that may be connected to. */
import { isIP } from 'node:net'
import { type AddressRange, isReachableAddress } from '../domain/outbound-address.ts'

/** Answers every address of a name. @throws when it has none, or nobody knows */
export type Lookup = (name: string) => Promise<readonly string[]>

/** More addresses of one host than this are not tried. */
const addressesMax = 4

/**
 * The addresses of a host, IPv4 first; empty when one of them may not be connected to. All must be reachable: whoever mixes a
 * public address with one of this network's own has the latter in mind.
 *
 * The connection must then be made to one of these addresses, and not to the host: a name may lead elsewhere a moment later.
 */
export async function resolveHost(
  host: string,
  allowed: readonly AddressRange[],
  lookup: Lookup,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await lookup(host) : [host]
  if (!addresses.every((address) => isReachableAddress(address, allowed))) return []
  return addresses.toSorted((a, b) => isIP(a) - isIP(b)).slice(0, addressesMax)
}
