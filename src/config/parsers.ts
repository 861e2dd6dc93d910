/**
 * Kinds of settings. Each is a zod schema that turns text into a value, and the words that say what it takes; faults and
 * `docs/configuration.md` use the same words. A number in a file goes through the same schema as one in the environment.
 */
import { isIPv6 } from 'node:net'
import { z } from 'zod'

export interface Parser<T> {
  /** Follows "must be". */
  readonly allowed: string
  readonly schema: z.ZodType<T, string>
  /**
   * How a file writes it: a TOML string, a number, either of them (`cost`), an array of strings (`list`), or a table of costs
   * (`costs`).
   */
  readonly kind: 'text' | 'number' | 'cost' | 'list' | 'costs'
  /** The items of a list that are at fault; undefined when none is, by itself. */
  readonly faulty?: (text: string) => string | undefined
}

/** Where to listen; port 0 takes any free one. */
export interface ListenAddress {
  readonly hostname: string
  readonly port: number
}

/** A server to connect to. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Longer text than this is a mistake. */
export const textLengthMax = 1_024
const portMax = 65_535
const hostLengthMax = 253

/** `parse` answers undefined for what it does not take. */
export function parser<T>(
  allowed: string,
  parse: (text: string) => T | undefined,
  kind: Parser<T>['kind'] = 'text',
): Parser<T> {
  const message = `must be ${allowed}`
  const schema = z.string(message).transform((text, context): T => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  return { allowed, schema, kind }
}

/** Text that matches `pattern`, as it is. */
export function matching(allowed: string, pattern: RegExp): Parser<string> {
  return parser(allowed, (text) => (pattern.test(text) ? text : undefined))
}

export const text = matching(
  `1 to ${textLengthMax} characters, none of them a control character`,
  new RegExp(`^[^\\u0000-\\u001f\\u007f]{1,${textLengthMax}}$`),
)

/** What an HTTP header can carry after `Bearer ` (RFC 9110 §5.5, without spaces). */
export const bearerToken = matching(
  '1 to 256 visible ASCII characters without spaces',
  /^[\x21-\x7e]{1,256}$/,
)

/** A whole number; `min` and `max` are allowed themselves. */
export function wholeNumber(min: number, max: number): Parser<number> {
  return parser(
    `a whole number from ${min} to ${max}`,
    (text) => within(/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN, min, max),
    'number',
  )
}

/** A number with or without a fraction; `min` and `max` are allowed themselves. */
export function decimal(min: number, max: number): Parser<number> {
  return parser(
    `a number from ${min} to ${max}`,
    (text) => within(/^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN, min, max),
    'number',
  )
}

function within(number: number, min: number, max: number): number | undefined {
  return number >= min && number <= max ? number : undefined
}

/** What `parse` makes of it; undefined: it does not take it. */
export function oneFor<T>(allowed: string, parse: (text: string) => T | undefined): Parser<T> {
  return parser(allowed, parse)
}

/** At most `countMax`, with commas between them; spaces around them count as nothing. */
export function listOf<T>(
  allowed: string,
  countMax: number,
  parse: (text: string) => T | undefined,
): Parser<readonly T[]> {
  return parser(allowed, (text) => {
    const items = text.split(',').map((item) => parse(item.trim()))
    const parsed = items.filter((item) => item !== undefined)
    return parsed.length === items.length && items.length <= countMax ? parsed : undefined
  })
}

export function choice<const T extends string>(options: readonly T[]): Parser<T> {
  return parser(`one of ${options.join(', ')}`, (text) => options.find((option) => option === text))
}

/** `:8080` on all interfaces, `host:8080`, `[::1]:8080`. */
export const listenAddressText = parser(
  ':port, host:port or [IPv6 address]:port, with a port from 0 to 65535',
  readListenAddress,
)

/** The same for those who have a single text: @throws RangeError when it is none. */
export function listenAddress(text: string): ListenAddress {
  const address = readListenAddress(text)
  if (address === undefined) throw new RangeError(`must be ${listenAddressText.allowed}`)
  return address
}

function readListenAddress(text: string): ListenAddress | undefined {
  const match = /^(.*):(\d{1,5})$/.exec(text)
  const port = within(Number(match?.[2]), 0, portMax)
  const hostname = match?.[1] === '' ? '0.0.0.0' : readHost(match?.[1] ?? '', 'bracketed')
  return port === undefined || hostname === undefined ? undefined : { hostname, port }
}

/** A host name or an address; an IPv6 address with or without brackets. */
export const hostName = parser('a host name or an IP address, without a port', (text) =>
  readHost(text, 'either'),
)

/** A server to connect to: `host`, `host:port`, `[IPv6 address]:port`. */
export function serverAddress(portDefault: number): Parser<HostAndPort> {
  return parser('host, host:port or [IPv6 address]:port', (text) => {
    const match = /^(.*?)(?::(\d{1,5}))?$/.exec(text)
    const host = readHost(match?.[1] ?? '', 'bracketed')
    const port = match?.[2] === undefined ? portDefault : within(Number(match[2]), 1, portMax)
    return host === undefined || port === undefined ? undefined : { host, port }
  })
}

function readHost(text: string, ipv6: 'bracketed' | 'either'): string | undefined {
  const inBrackets = /^\[(.+)\]$/.exec(text)?.[1]
  if (inBrackets !== undefined) return isIPv6(inBrackets) ? inBrackets : undefined
  if (ipv6 === 'either' && isIPv6(text)) return text
  return text.length <= hostLengthMax && /^[A-Za-z0-9_]([A-Za-z0-9_.-]*)$/.test(text)
    ? text
    : undefined
}

/** An address to send requests to, exactly as given. Credentials would end up in logs. */
export const httpUrl = parser(
  'an http:// or https:// URL without user name, password or fragment',
  (text) => (readUrl(text) === undefined ? undefined : text),
)

/** An address that paths are appended to: without a slash at its end. */
export const httpBaseUrl = parser(
  'an http:// or https:// URL without user name, password, query or fragment',
  (text) =>
    readUrl(text) === undefined || text.includes('?') ? undefined : text.replace(/\/+$/, ''),
)

function readUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s#]+$/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.username === '' && url.password === '' ? url : undefined
}
