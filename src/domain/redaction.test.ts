import { describe, expect, test } from 'bun:test'
import { checkInMs, decideRedaction, maskPhone, type RedactionCandidate } from './redaction.ts'

const candidate: RedactionCandidate = {
  id: 'a',
  isFinal: true,
  isKept: false,
  text: 'hello',
  phone: '+491701234567',
  ageMs: 60_000,
  scheduledInMs: 0,
}

describe('a message', () => {
  test('that is final loses what is due, and its segments are counted', () => {
    expect(decideRedaction(candidate)).toEqual({
      kind: 'redact',
      redaction: {
        id: 'a',
        text: { encoding: 'gsm7', segments: 1 },
        maskedPhone: '+49********67',
      },
    })
    expect(decideRedaction({ ...candidate, phone: null, text: 'ж'.repeat(71) })).toEqual({
      kind: 'redact',
      redaction: { id: 'a', text: { encoding: 'ucs2', segments: 2 }, maskedPhone: null },
    })
    expect(decideRedaction({ ...candidate, text: null })).toMatchObject({
      redaction: { text: null, maskedPhone: '+49********67' },
    })
  })

  test('of which nothing is due is left alone, final or not', () => {
    for (const isFinal of [true, false]) {
      const nothing = { ...candidate, isFinal, text: null, phone: null }
      expect(decideRedaction(nothing)).toEqual({ kind: 'nothing' })
    }
  })

  test('that is not final, or kept for a replay, waits', () => {
    const wait = { kind: 'wait', checkInMs: 6_000 } as const
    expect(decideRedaction({ ...candidate, isFinal: false })).toEqual(wait)
    expect(decideRedaction({ ...candidate, isKept: true })).toEqual(wait)
  })
})

test('one that waits is looked at after a tenth of its age, within bounds, or when it is sent', () => {
  expect(checkInMs({ ageMs: -5, scheduledInMs: 0 })).toBe(2_000)
  expect(checkInMs({ ageMs: 86_400_000, scheduledInMs: 0 })).toBe(600_000)
  expect(checkInMs({ ageMs: 5_000, scheduledInMs: 60_000 })).toBe(62_000)
})

test('a number keeps its country and two digits', () => {
  const masks: [string, string][] = [
    ['+12025550123', '+1********23'],
    ['+491701234567', '+49********67'],
    ['+79161234567', '+7********67'],
    ['+358401234567', '+358*******67'],
    ['+33612345678', '+33*******78'],
    ['+2711234567', '+27******67'],
    ['+8801712345678', '+880********78'],
    ['+4912345', '+49*****'],
    ['+4412345678', '+44******78'],
  ]
  for (const [phone, masked] of masks) expect(maskPhone(phone)).toBe(masked)
})
