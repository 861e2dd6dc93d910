/** Reading one setting's text. A parser throws a `SettingFault` whose message says what is allowed. */

export class SettingFault extends Error {
  override readonly name = 'SettingFault'
}

export type Parser<T> = (text: string) => T

export interface ListenAddress {
  readonly hostname: string
  readonly port: number
}

const portMax = 65_535

/** Any text without control characters. */
export const text: Parser<string> = (value) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw new SettingFault('must not hold control characters')
  return value
}

export function wholeNumber(min: number, max: number): Parser<number> {
  return (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    throw new SettingFault(`must be a whole number from ${min} to ${max}`)
  }
}

export function decimal(min: number, max: number): Parser<number> {
  return (value) => {
    const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    throw new SettingFault(`must be a number from ${min} to ${max}`)
  }
}

export function choice<const T extends string>(options: readonly T[]): Parser<T> {
  return (value) => {
    const found = options.find((option) => option === value)
    if (found !== undefined) return found
    throw new SettingFault(`must be one of ${options.join(', ')}`)
  }
}

/** Where to listen: `:8080` on all interfaces, `host:8080`, `[::1]:8080`; port 0 takes any free one. */
export const listenAddress: Parser<ListenAddress> = (value) => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(value)
  const port = Number(match?.[3])
  if (match === null || port > portMax) {
    throw new SettingFault('must be :port or host:port, with a port from 0 to 65535')
  }
  return { hostname: match[1] ?? (match[2] || '0.0.0.0'), port }
}

/** A server to connect to: `host`, `host:port` or `[::1]:port`. */
export function serverAddress(portDefault: number): Parser<{ host: string; port: number }> {
  return (value) => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(value)
    const port = match?.[3] === undefined ? portDefault : Number(match[3])
    if (match === null || port < 1 || port > portMax)
      throw new SettingFault('must be host or host:port')
    return { host: match[1] ?? match[2] ?? '', port }
  }
}

/** An http(s) address without credentials, which would end up in logs; without a trailing slash. */
export const httpUrl: Parser<string> = (value) => {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new SettingFault('must be an http:// or https:// URL')
  }
  if (url.username !== '' || url.password !== '') {
    throw new SettingFault('must not hold a user name or password')
  }
  return value.replace(/\/+$/, '')
}
