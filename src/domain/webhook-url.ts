/** Where a webhook may be sent, as far as the URL itself tells; the addresses of its host are looked at before every attempt. */
import { type AddressRange, isReachableAddress } from './outbound-address.ts'

export interface WebhookUrlRules {
  /** Whether http:// is taken too: for development. */
  readonly plainHttp: boolean
  /** Networks that are not public and may be sent to. */
  readonly allowed: readonly AddressRange[]
}

export const webhookUrlLengthMax = 2_048

/** Names that are this machine's or its network's own (RFC 6761 §6.3, RFC 6762, RFC 9476, ICANN's .internal). */
const localName = /(^|\.)(localhost|local|internal|localdomain|home\.arpa)$/

/** What is wrong with a URL, following "must", or null. */
export function webhookUrlFault(text: string, rules: WebhookUrlRules): string | null {
  const scheme = rules.plainHttp ? 'an https:// or http:// URL' : 'an https:// URL'
  if (text.length > webhookUrlLengthMax) return `have at most ${webhookUrlLengthMax} characters`
  // The parser would drop control characters and spaces, or encode them: nobody means them.
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return `be ${scheme}`
  const url = new URL(text)
  const { protocol, username, password, hash } = url
  if (protocol !== 'https:' && !(rules.plainHttp && protocol === 'http:')) return `be ${scheme}`
  if (username !== '' || password !== '') return 'hold no user name and no password'
  if (hash !== '' || text.includes('#')) return 'hold no fragment'
  const host = hostOf(url)
  const isLiteral = /^[\d.]+$/.test(host) || host.includes(':')
  if (isLiteral && !isReachableAddress(host, rules.allowed)) return `${refusedHost} ${host} is not`
  const isLocal = localName.test(host.replace(/\.$/, '')) || !/[.:]/.test(host)
  // With networks of its own, its names may be of its own as well: their addresses decide.
  if (isLocal && rules.allowed.length === 0) return `${refusedHost} ${host} is not`
  return null
}

const refusedHost = 'name a host on the public internet:'

/** Without the brackets of an IPv6 address. The parser has normalised an IPv4 address, however it was written. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
