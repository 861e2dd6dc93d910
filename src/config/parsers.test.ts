import { expect, test } from 'bun:test'
import {
  bearerToken,
  choice,
  decimal,
  hostName,
  httpBaseUrl,
  httpUrl,
  listenAddress,
  listenAddressText,
  listOf,
  oneFor,
  type Parser,
  serverAddress,
  text,
  textLengthMax,
  wholeNumber,
} from './parsers.ts'

function read<T>(parser: Parser<T>, value: string): T | undefined {
  return parser.schema.safeParse(value).data
}

function refuses(parser: Parser<unknown>, values: readonly string[]): void {
  for (const value of values) {
    const result = parser.schema.safeParse(value)
    expect({ value, accepted: result.success }).toEqual({ value, accepted: false })
    expect(result.error?.issues.map(({ message }) => message)).toEqual([
      `must be ${parser.allowed}`,
    ])
  }
}

test('where to listen: any interface, a host, an IPv6 address in brackets', () => {
  expect(read(listenAddressText, ':8080')).toEqual({ hostname: '0.0.0.0', port: 8080 })
  expect(read(listenAddressText, 'host.example:81')).toEqual({
    hostname: 'host.example',
    port: 81,
  })
  expect(read(listenAddressText, '[::1]:0')).toEqual({ hostname: '::1', port: 0 })
  refuses(listenAddressText, [
    '8080',
    'host',
    ':70000',
    '::1:80',
    '[::g]:80',
    'a b:80',
    'a/b:80',
    ':',
  ])
  expect(listenAddress('127.0.0.1:65535').port).toBe(65_535)
  expect(() => listenAddress('nowhere')).toThrow(RangeError)
})

test('a server to connect to: its port may be left out, and cannot be 0', () => {
  const redis = serverAddress(6_379)
  expect(read(redis, 'cache')).toEqual({ host: 'cache', port: 6_379 })
  expect(read(redis, 'cache:7000')).toEqual({ host: 'cache', port: 7_000 })
  expect(read(redis, '[::1]:7000')).toEqual({ host: '::1', port: 7_000 })
  expect(read(redis, '[::1]')).toEqual({ host: '::1', port: 6_379 })
  refuses(redis, ['a:b:c', 'cache:0', 'cache:65536', 'redis://cache', '::1', ':6379', '[cache]:1'])
})

test('a host has no port and is no URL', () => {
  for (const host of ['localhost', 'db-1.example', '10.0.0.1', '::1']) {
    expect(read(hostName, host)).toBe(host)
  }
  expect(read(hostName, '[::1]')).toBe('::1')
  refuses(hostName, [
    'db:5432',
    'postgres://db',
    '/var/run/postgresql',
    'a b',
    '-a',
    'a'.repeat(254),
  ])
})

test('a URL is kept as it is; one that paths are appended to loses the slash at its end', () => {
  expect(read(httpUrl, 'https://host/submit/?key=1')).toBe('https://host/submit/?key=1')
  expect(read(httpBaseUrl, 'https://host/sms//')).toBe('https://host/sms')
  const neither = ['host', 'ftp://host', 'http:host', 'http://', 'http://u@host', 'http://u:p@host']
  refuses(httpUrl, [...neither, 'http://host/a b', 'http://host/#a'])
  refuses(httpBaseUrl, [...neither, 'http://host/?a=1'])
})

test('numbers: both ends of the range are allowed, and only digits are digits', () => {
  const percent = wholeNumber(1, 100)
  expect([read(percent, '1'), read(percent, '100'), read(percent, '007')]).toEqual([1, 100, 7])
  refuses(percent, ['0', '101', '1.5', '-1', '+1', '1e1', '0x10', ' 1', '१', '1'.repeat(16)])
  const ratio = decimal(0.01, 1)
  expect([read(ratio, '0.01'), read(ratio, '1'), read(ratio, '0.5')]).toEqual([0.01, 1, 0.5])
  refuses(ratio, ['0', '1.01', '.5', '1.', '1e-1', 'NaN', 'Infinity'])
})

test('text has a largest length and no control characters; a token has no spaces either', () => {
  expect(read(text, 'häuser 1')).toBe('häuser 1')
  refuses(text, ['a\nb', 'a\n', '\u007f', '', 'a'.repeat(textLengthMax + 1)])
  expect(read(bearerToken, 'a!~')).toBe('a!~')
  refuses(bearerToken, ['a b', 'ä', 'a\n', 'a'.repeat(257)])
})

test('a choice is one of its options, letter by letter', () => {
  const colour = choice(['red', 'green'])
  expect(read(colour, 'red')).toBe('red')
  refuses(colour, ['Red', 'blue', 'red,green'])
  expect(colour.allowed).toBe('one of red, green')
})

test('one of a kind, and lists of them with commas between', () => {
  const digit = (text: string) => (/^\d$/.test(text) ? Number(text) : undefined)
  expect(read(oneFor('a digit', digit), '7')).toBe(7)
  refuses(oneFor('a digit', digit), ['', '77', 'x'])
  const digits = listOf('at most 3 digits', 3, digit)
  expect(read(digits, '7')).toEqual([7])
  expect(read(digits, '0, 8 ,9')).toEqual([0, 8, 9])
  refuses(digits, ['', ',', '1,', '1,,2', '1;2', '1,x', '1,2,3,4'])
})
