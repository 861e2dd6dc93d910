import { describe, expect, test } from 'bun:test'
import { decodeGsm7, encodeGsm7, gsm7Length } from './gsm7.ts'

describe('the alphabet', () => {
  test('has 127 characters and 10 with an escape, and comes back from its septets', () => {
    let ones = 0
    let twos = 0
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code)
      const septets = encodeGsm7(character)
      if (septets === null) continue
      if (septets.length === 1) ones++
      else twos++
      expect(decodeGsm7(septets)).toBe(character)
    }
    expect([ones, twos]).toEqual([127, 10])
  })

  test.each(['`', 'ç', '“', '–', '…', '\u00a0', '\t', '😀', 'a\u0301'])('has no %p', (text) => {
    expect(gsm7Length(text)).toBeNull()
    expect(encodeGsm7(text)).toBeNull()
  })

  test('an escape that leads nowhere is a space', () => {
    expect(decodeGsm7(Uint8Array.of(0x1b, 0x41, 0x1b))).toBe(' A ')
  })
})
