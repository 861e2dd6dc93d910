import { describe, expect, test } from 'bun:test'
import { type AddressRange, addressRange, isReachableAddress } from './outbound-address.ts'

describe('an address', () => {
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '192.88.99.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:0a00:0001',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::1',
    '2001:0:5ef5:79fb::1',
    '2001:db8::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '100::1',
    '4000::1',
    '',
    'localhost',
    'example.com',
  ])('%s is refused', (address) => {
    expect(isReachableAddress(address, [])).toBe(false)
  })

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isReachableAddress(address, [])).toBe(true)
    },
  )

  test('that is allowed may be connected to, however it is written', () => {
    const allowed = ['127.0.0.0/8', '10.1.2.3', 'fd00::/8'].map(
      (text) => addressRange(text) as AddressRange,
    )
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.1.2.3', 'fd12::1', '8.8.8.8']) {
      expect(isReachableAddress(address, allowed)).toBe(true)
    }
    for (const address of ['10.1.2.4', '169.254.169.254', '::1', 'fc00::1']) {
      expect(isReachableAddress(address, allowed)).toBe(false)
    }
  })
})

test('a network is read from CIDR notation alone', () => {
  for (const text of ['10.0.0.0/8', '10.1.2.3', '::1', 'fd00::/8', '0.0.0.0/0']) {
    expect(addressRange(text)).toBeDefined()
  }
  for (const text of [
    '',
    '10',
    '10.0.0.0/33',
    '0x0a.0.0.0/8',
    'fd00::/129',
    'x/8',
    '10.0.0.0/',
    '/8',
    '1.2.3.4/8/8',
  ]) {
    expect(addressRange(text)).toBeUndefined()
  }
})
