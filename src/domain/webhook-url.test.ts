import { describe, expect, test } from 'bun:test'
import { type AddressRange, addressRange } from './outbound-address.ts'
import { hostOf, webhookUrlFault } from './webhook-url.ts'

const strict = { plainHttp: false, allowed: [] }
const loopback = addressRange('127.0.0.0/8') as AddressRange

describe('a URL', () => {
  test.each([
    'https://hooks.example.com/sms',
    'https://hooks.example.com:8443/sms?customer=1',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://xn--mnchen-3ya.example/',
  ])('%s is taken', (url) => {
    expect(webhookUrlFault(url, strict)).toBeNull()
  })

  test.each([
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '//hooks.example.com/',
    'hooks.example.com',
    '',
    'https://',
    'https://user@hooks.example.com/',
    'https://user:secret@hooks.example.com/',
    'https://hooks.example.com/#fragment',
    'https://hooks.example.com/#',
    'https://hooks.example.com/ x',
    ' https://hooks.example.com/',
    'https://hooks.exam\nple.com/',
    'https://ⓔxample.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://0/',
    'https://10.0.0.1:9000/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://api.localhost/',
    'https://metadata.google.internal/',
    'https://printer.local/',
    'https://redis/',
  ])('%s is refused', (url) => {
    expect(webhookUrlFault(url, strict)).not.toBeNull()
  })

  test('that is too long is refused', () => {
    const url = `https://hooks.example.com/${'x'.repeat(2_048)}`
    expect(webhookUrlFault(url, strict)).toBe('have at most 2048 characters')
  })

  test('says what is wrong, in words that follow "must"', () => {
    expect(webhookUrlFault('https://0x7f.1/', strict)).toBe(
      'name a host on the public internet: 127.0.0.1 is not',
    )
    expect(webhookUrlFault('x', { plainHttp: true, allowed: [] })).toBe(
      'be an https:// or http:// URL',
    )
  })

  test('of what is allowed is taken', () => {
    const rules = { plainHttp: true, allowed: [loopback] }
    for (const url of ['http://127.0.0.1:9000/', 'http://localhost/', 'https://hooks.internal/']) {
      expect(webhookUrlFault(url, rules)).toBeNull()
    }
    expect(webhookUrlFault('http://169.254.169.254/', rules)).not.toBeNull()
  })
})

test('the host of a URL is an address without brackets', () => {
  expect(hostOf(new URL('https://[::1]:1/'))).toBe('::1')
  expect(hostOf(new URL('https://a.example:1/'))).toBe('a.example')
})
