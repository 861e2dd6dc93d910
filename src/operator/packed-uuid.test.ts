import { expect, test } from 'bun:test'
import { hashUuid, packUuid, unpackUuid } from './packed-uuid.ts'

test('a UUID comes back as it was', () => {
  const words = new Uint32Array(8)
  for (const uuid of [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '0190a0a0-1234-7abc-8def-0123456789ab',
    ...Array.from({ length: 100 }, () => Bun.randomUUIDv7()),
  ]) {
    expect(packUuid(uuid, words, 4)).toBe(true)
    expect(unpackUuid(words, 4)).toBe(uuid)
  }
})

test.each([
  '',
  'r1',
  '0190A0A0-1234-7abc-8def-0123456789ab',
  '0190a0a0-1234-7abc-8def-0123456789ag',
  '0190a0a0-1234-7abc-8def-0123456789a\u0130',
  '0190a0a001234-7abc-8def-0123456789ab',
  '0190a0a0-1234-7abc-8def00123456789ab',
  '0190a0a0-1234-7abc-8def-0123456789abc',
])('%p is packed by no means', (text) => {
  expect(packUuid(text, new Uint32Array(4), 0)).toBe(false)
})

test('hashes of consecutive ids are spread', () => {
  const words = new Uint32Array(4)
  const buckets = new Uint32Array(256)
  for (let n = 0; n < 25_600; n++) {
    packUuid(`0190a0a0-0000-7000-8000-${n.toString(16).padStart(12, '0')}`, words, 0)
    const bucket = hashUuid(words, 0) & 255
    buckets[bucket] = (buckets[bucket] ?? 0) + 1
  }
  expect(Math.max(...buckets)).toBeLessThan(200)
  expect(Math.min(...buckets)).toBeGreaterThan(20)
})
