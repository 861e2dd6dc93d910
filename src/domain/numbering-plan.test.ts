import { describe, expect, test } from 'bun:test'
import examples from 'libphonenumber-js/examples.mobile.json'
import parse, { getCountries, getExampleNumber } from 'libphonenumber-js/max'
import {
  callingCodeOf,
  isRegion,
  type KnownNumber,
  lineTypes,
  readNumber,
  regionsMax,
} from './numbering-plan.ts'
import { isPhoneNumber, writtenNumberPattern } from './phone-number.ts'

function known(text: string, region: string | null = null): KnownNumber {
  const read = readNumber(text, region)
  if (typeof read === 'string') throw new Error(`${text} is ${read}`)
  return read
}

/** Numbers of all countries that are given out: the library's example of each, with other digits at its end. Some
 * countries have them in common with a neighbour. */
function* givenOutNumbers(count: number) {
  const countries = getCountries()
  let found = 0
  for (let seed = 0; found < count; seed++) {
    const country = countries[seed % countries.length] ?? 'DE'
    const example = getExampleNumber(country, examples)?.number ?? ''
    const ending = String((seed * 7_919 + 13) % 1_000).padStart(3, '0')
    const number = parse(seed < countries.length ? example : example.slice(0, -3) + ending)
    if (number === undefined || !number.isValid()) continue
    found++
    yield { country, number }
  }
}

test('a number as it is written at home is, there, the same as in E.164', () => {
  const seen = new Set<string>()
  for (const { country, number } of givenOutNumbers(1_000)) {
    const phone = number.number
    seen.add(country)
    for (const written of [number.formatNational(), number.formatInternational(), phone]) {
      const read = known(written, country)
      expect({ written, phone: read.phone }).toEqual({ written, phone })
      expect(read.lengthFlaw()).toBeNull()
      expect(read.isGivenOut()).toBe(true)
      expect(lineTypes).toContain(read.lineType() ?? ('none' as never))
      expect(written).toMatch(writtenNumberPattern)
    }
    expect(isPhoneNumber(phone)).toBe(true)
    expect(known(phone).phone).toBe(phone)
  }
  expect(seen.size).toBe(regionsMax)
})

describe('a number', () => {
  test.each([
    ['+491701234567', null, 'DE', 'MOBILE'],
    ['+4930123456', null, 'DE', 'FIXED_LINE'],
    ['+12122000000', null, 'US', 'FIXED_LINE_OR_MOBILE'],
    ['+16045550100', null, 'CA', 'FIXED_LINE_OR_MOBILE'],
    ['+499001234567', null, 'DE', 'PREMIUM_RATE'],
    ['+80012345678', null, null, 'TOLL_FREE'],
    ['+15550001111', null, null, null],
    ['06 12345678', 'IT', 'IT', 'FIXED_LINE'],
  ])('%s, dialled in %s, is of %s and %s', (text, region, country, lineType) => {
    const number = known(text, region)
    expect(number.country).toBe(country)
    expect(number.lineType()).toBe(lineType as never)
    expect(number.isGivenOut()).toBe(lineType !== null)
  })

  test('loses what is dialled only at home', () => {
    for (const [text, region] of [
      ['+4901701234567', null],
      ['+49 (0) 170 1234567', 'FR'],
      ['0170/123-4567', 'DE'],
      ['00491701234567', 'DE'],
      ['0011 49 170 1234567', 'AU'],
    ] as const) {
      expect(known(text, region).phone).toBe('+491701234567')
    }
  })

  test.each([
    ['+999000000000', null, 'unknown-country-code'],
    ['+2101234567', null, 'unknown-country-code'],
    ['0170 1234567', null, 'unknown-country-code'],
    ['0', 'DE', 'too-short'],
    ['0170', 'DE', 'too-short'],
    ['017012345678901234', 'DE', 'too-long'],
    ['++491701234567', 'DE', 'not-a-number'],
    ['-----', 'DE', 'not-a-number'],
    ['', 'DE', 'not-a-number'],
    ['Acme', 'DE', 'not-a-number'],
    ['1'.repeat(1_000), 'DE', 'too-long'],
  ])('%s, dialled in %s, is none: %s', (text, region, flaw) => {
    expect(readNumber(text, region)).toBe(flaw as never)
  })

  test.each([
    ['+1234567890', 'too-short'],
    ['+123456789012345', 'too-long'],
    ['+49110', undefined],
    ['+38344123', 'too-short'],
    ['+861381234567890', 'too-long'],
  ])('%s has a length of none: %s', (text, flaw) => {
    const read = readNumber(text, null)
    expect(typeof read === 'string' ? undefined : read.lengthFlaw()).toBe(flaw as never)
  })
})

test('countries have two letters, in capitals', () => {
  for (const region of ['DE', 'US', 'XK']) expect(isRegion(region)).toBe(true)
  for (const region of ['de', 'EU', 'DEU', '', 'constructor', '__proto__', '+49']) {
    expect(isRegion(region)).toBe(false)
  }
  expect(callingCodeOf('DE')).toBe('49')
  expect(callingCodeOf('+49')).toBeNull()
})
