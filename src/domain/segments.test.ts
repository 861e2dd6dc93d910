import { describe, expect, test } from 'bun:test'
import { SegmentedMessage } from 'sms-segments-calculator'
import { decodeGsm7, encodeGsm7 } from './gsm7.ts'
import { countSegments, type Encoding, segmentText, segmentUnits } from './segments.ts'

describe('segments', () => {
  const sizes: [string, Encoding, number[]][] = [
    ['', 'gsm7', [0]],
    ['a'.repeat(160), 'gsm7', [160]],
    ['a'.repeat(161), 'gsm7', [153, 8]],
    ['a'.repeat(306), 'gsm7', [153, 153]],
    ['€'.repeat(80), 'gsm7', [80]],
    // An escape is not split: 76 of them are 152 septets.
    ['€'.repeat(81), 'gsm7', [76, 5]],
    ['я'.repeat(70), 'ucs2', [70]],
    ['я'.repeat(71), 'ucs2', [67, 4]],
    ['😀'.repeat(35), 'ucs2', [70]],
    // Neither is a surrogate pair: 33 of them are 66 units.
    ['😀'.repeat(36), 'ucs2', [66, 6]],
    // Nor a family of 11 units.
    ['👨‍👩‍👧‍👦'.repeat(7), 'ucs2', [66, 11]],
  ]
  test.each(sizes)('%p', (text, encoding, lengths) => {
    const { encoding: found, segments } = segmentText(text)
    expect(found).toBe(encoding)
    expect(segments.map(({ length }) => length)).toEqual(lengths)
    expect(segments.join('')).toBe(text)
  })

  test('a character that no segment has room for is split, but no surrogate pair', () => {
    const text = `a${'\u0301'.repeat(100)}😀`
    const { segments } = segmentText(text)
    expect(segments.join('')).toBe(text)
    for (const segment of segments) expect(segment.isWellFormed()).toBe(true)
  })
})

/** Repeatable chance (mulberry32). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}

describe('10,000 generated texts', () => {
  const alphabets = [
    'abcdefghijklmnopqrstuvwxyz ABC 0123456789 .,!?',
    'ab €{}[]~|^\\ äöüß ΔΦΓΛΩ @£$¥',
    'ab “”‘’–—… ç é',
    'привет мир 你好 世界 ',
  ].map((text) => [...text])
  const emoji = ['😀', '👍🏽', '👨‍👩‍👧‍👦', '🇩🇪', '❤️', 'e\u0301']

  function textOf(random: () => number): string {
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
    const alphabet = pick(alphabets)
    const withEmoji = random() < 0.2
    const length = Math.floor(random() ** 2 * 700)
    let text = ''
    for (let count = 0; count < length; count++) {
      text += withEmoji && random() < 0.1 ? pick(emoji) : pick(alphabet)
    }
    return text
  }

  const textsMsMax = 60_000

  test(
    'have as many segments as an independent implementation counts, and lose nothing',
    () => {
      const random = randomness(20_261_125)
      const seen = { gsm7: 0, ucs2: 0, joined: 0 }
      for (let count = 0; count < 10_000; count++) {
        const text = textOf(random)
        const { encoding, units, segments } = segmentText(text)
        const other = new SegmentedMessage(text)
        const counted = [other.encodingName === 'GSM-7' ? 'gsm7' : 'ucs2', other.segmentsCount]
        expect([text, encoding, segments.length]).toEqual([text, ...counted])
        expect(countSegments(text)).toEqual({ encoding, count: segments.length })
        const { alone, joined } = segmentUnits[encoding]
        const sizeMax = segments.length === 1 ? alone : joined
        const onAir = segments.map((segment) => overTheAir(segment, encoding))
        // What is sent is what is read.
        expect(onAir.map(({ read }) => read).join('')).toBe(text)
        expect(onAir.map(({ read }) => read)).toEqual([...segments])
        expect(onAir.filter(({ size }) => size > sizeMax)).toEqual([])
        expect(onAir.reduce((sum, { size }) => sum + size, 0)).toBe(units)
        seen[encoding]++
        if (segments.length > 1) seen.joined++
      }
      for (const number of Object.values(seen)) expect(number).toBeGreaterThan(1_000)
    },
    textsMsMax,
  )

  /** There and back. */
  function overTheAir(segment: string, encoding: Encoding): { size: number; read: string } {
    if (encoding === 'ucs2') {
      const bytes = Buffer.from(segment, 'utf16le')
      return { size: bytes.length / 2, read: bytes.toString('utf16le') }
    }
    const septets = encodeGsm7(segment) ?? new Uint8Array()
    return { size: septets.length, read: decodeGsm7(septets) }
  }
})
