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

  test('is counted alike whatever else is in a text', () => {
    const all = Array.from({ length: 0x500 }, (_, code) => String.fromCharCode(code))
    for (const character of [...all, '€', '\u2019', '😀', ']', '\\', '^', '-']) {
      const alone = encodeGsm7(character)?.length ?? null
      expect([character, gsm7Length(character)]).toEqual([character, alone])
      expect(gsm7Length(`${character}€`)).toBe(alone === null ? null : alone + 2)
    }
    expect(gsm7Length('')).toBe(0)
    expect(gsm7Length('two\nlines\n')).toBe(10)
  })

  test('an escape that leads nowhere is a space', () => {
    expect(decodeGsm7(Uint8Array.of(0x1b, 0x41, 0x1b))).toBe(' A ')
  })
})
