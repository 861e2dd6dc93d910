import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { keyPrefixOf, keyPrefixPattern, newApiKey } from './api-key.ts'

test('a key tells its prefix, which is no secret', () => {
  for (let count = 0; count < 100; count++) {
    const { prefix, key } = newApiKey(randomBytes)
    expect(prefix).toMatch(keyPrefixPattern)
    expect(key).toStartWith(`${prefix}_`)
    expect(keyPrefixOf(key)).toBe(prefix)
  }
})

test('no two are the same', () => {
  const keys = new Set(Array.from({ length: 1_000 }, () => newApiKey(randomBytes).key))
  expect(keys.size).toBe(1_000)
})

test('what is no key has no prefix', () => {
  const { prefix, key } = newApiKey(randomBytes)
  for (const text of [
    '',
    prefix,
    key.slice(1),
    key.slice(0, -1),
    `${key}x`,
    `${key}\n`,
    ` ${key}`,
  ]) {
    expect(keyPrefixOf(text)).toBeNull()
  }
})
