import { expect, test } from 'bun:test'
import { type AddressRange, addressRange } from '../domain/outbound-address.ts'
import { resolveHost } from './resolve-host.ts'

const names: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['2606:4700::1', '8.8.8.8', '8.8.4.4'],
  'inside.example': ['10.0.0.1'],
  'mixed.example': ['8.8.8.8', '127.0.0.1'],
  'nobody.example': [],
}
async function lookup(name: string) {
  const found = names[name]
  if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  return found
}

const resolve = (host: string, allowed: readonly AddressRange[] = []) =>
  resolveHost(host, allowed, lookup)

test('a host is its addresses, IPv4 first', async () => {
  expect(await resolve('public.example')).toEqual(['8.8.8.8', '8.8.4.4', '2606:4700::1'])
  expect(await resolve('8.8.8.8')).toEqual(['8.8.8.8'])
  expect(await resolve('nobody.example')).toEqual([])
  expect(resolve('unknown.example')).rejects.toThrow('no such name')
})

test('a host with an address of this network is refused, also beside a public one', async () => {
  for (const host of ['inside.example', 'mixed.example', '127.0.0.1', '::1', '169.254.169.254']) {
    expect(await resolve(host)).toEqual([])
  }
  const allowed = [addressRange('10.0.0.0/8') as AddressRange]
  expect(await resolve('inside.example', allowed)).toEqual(['10.0.0.1'])
  expect(await resolve('mixed.example', allowed)).toEqual([])
})
