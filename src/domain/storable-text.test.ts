import { expect, test } from 'bun:test'
import { isStorableText } from './storable-text.ts'

test('takes any text of whole characters', () => {
  for (const text of ['', 'plain', 'Ünïcode €', '😀', '\u0001\n\t', '\uFFFD']) {
    expect(isStorableText(text)).toBe(true)
  }
})

test('refuses NUL and half characters', () => {
  for (const text of ['\0', 'a\0b', '\uD83D', 'a\uDE00', '\uDE00\uD83D']) {
    expect(isStorableText(text)).toBe(false)
  }
})
