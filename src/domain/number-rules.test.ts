import { describe, expect, test } from 'bun:test'
import {
  createNumberRules,
  isPlace,
  judgeNumber,
  type NumberRefusal,
  type NumberSettings,
} from './number-rules.ts'

const judge = (text: string, settings: NumberSettings = {}, own?: NumberSettings) =>
  judgeNumber(text, createNumberRules(settings)(own))

/** The number, or what refuses it. */
function outcome(text: string, settings: NumberSettings = {}, own?: NumberSettings) {
  const judged = judge(text, settings, own)
  return 'phone' in judged ? judged.phone : judged.refusals.map(words)
}

function words(refusal: NumberRefusal): string {
  const { kind, ...rest } = refusal
  return [kind, ...Object.values(rest)].join(' ')
}

describe('without rules', () => {
  test('every E.164 number is taken as it is, and not looked at', () => {
    for (const phone of ['+491701234567', '+1234567890', '+999000000000', '+4901701234567']) {
      expect(judge(phone)).toEqual({ phone, known: null })
      expect(outcome(phone, { region: 'DE' })).toBe(phone)
    }
  })

  test('nothing else is', () => {
    for (const text of ['0170 1234567', '+49 170 1234567', '491701234567', '+0123456789', '']) {
      expect(outcome(text)).toEqual(['malformed'])
    }
  })
})

describe('with a region', () => {
  test.each([
    ['0170 1234567', '+491701234567'],
    ['(0170) 123-4567', '+491701234567'],
    ['+49 170 1234567', '+491701234567'],
    ['0049.170.1234567', '+491701234567'],
    ['+44 7400 123456', '+447400123456'],
    ['0170', ['flawed too-short ']],
    ['0170 1234567 89012345', ['flawed too-long ']],
    ['+999 000 000 000', ['flawed unknown-country-code ']],
    ['+49+170 1234567', ['malformed']],
    ['0170 1234567;ext=5', ['malformed']],
    ['٠١٧٠١٢٣٤٥٦٧', ['malformed']],
    ['‎+49 170 1234567', ['malformed']],
    ['0170 123O567', ['malformed']],
    ['0170\u00001234567', ['malformed']],
    ['0170 1234567\n', ['malformed']],
    ['9'.repeat(200), ['malformed']],
  ])('%j is %j', (text, expected) => {
    expect(outcome(text, { region: 'DE' })).toEqual(expected)
    expect(outcome(text, {}, { region: 'DE' })).toEqual(expected)
  })
})

describe('validity', () => {
  test.each([
    ['+491701234567', '+491701234567', '+491701234567'],
    ['+4901701234567', '+491701234567', '+491701234567'],
    ['+15550001111', '+15550001111', ['not-given-out +1']],
    ['+49170123', '+49170123', ['not-given-out DE']],
    ['+1234567890', ['flawed too-short 1'], ['flawed too-short 1']],
    ['+123456789012345', ['flawed too-long 1'], ['flawed too-long 1']],
    ['+5215512345678', ['flawed too-long 52'], ['flawed too-long 52']],
    ['+999000000000', ['flawed unknown-country-code '], ['flawed unknown-country-code ']],
  ])('%s: possible %j, valid %j', (text, possible, valid) => {
    expect(outcome(text, { validity: 'possible' })).toEqual(possible)
    expect(outcome(text, { validity: 'valid' })).toEqual(valid)
    expect(outcome(text, { validity: 'valid' }, { validity: 'off' })).toBe(text)
  })
})

describe('places', () => {
  const allow = ['DE', '+4366']
  const deny = ['+49190', '+4930']
  test.each([
    ['+491701234567', '+491701234567'],
    ['+4366412345678', '+4366412345678'],
    ['+43123456789', ['not-allowed DE,+4366']],
    ['+4919012345', ['denied +49190']],
    ['+490190123456', ['denied +49190']],
    ['+4930123456', ['denied +4930']],
    ['+33612345678', ['not-allowed DE,+4366']],
    ['+999000000000', ['not-allowed DE,+4366']],
  ])('%s', (text, expected) => {
    expect(outcome(text, { allow, deny })).toEqual(expected)
  })

  test('none allowed is none taken', () => {
    expect(outcome('+491701234567', { allow: [] })).toEqual(['not-allowed '])
  })

  test('a country that cannot be told is denied in doubt, and never allowed', () => {
    const nobodys = '+15550001111'
    expect(outcome(nobodys, { deny: ['FR', 'CA'] })).toEqual(['denied CA'])
    expect(outcome(nobodys, { deny: ['FR'] })).toBe(nobodys)
    expect(outcome(nobodys, { allow: ['US'] })).toEqual(['not-allowed US'])
    expect(outcome(nobodys, { allow: ['+1'] })).toBe(nobodys)
    expect(outcome('+12122000000', { deny: ['CA'] })).toBe('+12122000000')
    expect(outcome('+999000000000', { deny: ['+999'] })).toEqual(['denied +999'])
  })

  test('satellites have a beginning and no country', () => {
    expect(outcome('+882161234567', { deny: ['+882'] })).toEqual(['denied +882'])
  })

  test('are countries and beginnings', () => {
    for (const place of ['DE', '+1', '+491701234567', '+123456789012345']) {
      expect(isPlace(place)).toBe(true)
    }
    for (const place of ['', '+', 'de', '49', '+0', '+1234567890123456', 'EU', 'DE ', '+49\n']) {
      expect(isPlace(place)).toBe(false)
    }
  })
})

test('line types are denied where they can be told', () => {
  const settings: NumberSettings = { line_types_denied: ['PREMIUM_RATE', 'FIXED_LINE'] }
  expect(outcome('+499001234567', settings)).toEqual(['line-type PREMIUM_RATE'])
  expect(outcome('+4930123456', settings)).toEqual(['line-type FIXED_LINE'])
  expect(outcome('+12122000000', settings)).toBe('+12122000000')
  expect(outcome('+15550001111', settings)).toBe('+15550001111')
})

test('everything that refuses a number is told', () => {
  const settings: NumberSettings = {
    validity: 'valid',
    allow: ['FR'],
    deny: ['+49'],
    line_types_denied: ['PREMIUM_RATE'],
  }
  expect(outcome('+499001234567', settings)).toEqual([
    'denied +49',
    'not-allowed FR',
    'line-type PREMIUM_RATE',
  ])
  expect(outcome('+1234567890', settings)).toEqual(['flawed too-short 1', 'not-allowed FR'])
})

test('a customer has its own beside everybody’s', () => {
  const everybodys: NumberSettings = { region: 'DE', allow: ['DE'], deny: ['+49190'] }
  const rulesOf = createNumberRules(everybodys)
  const own: NumberSettings = { region: 'FR', allow: ['FR', 'DE'], deny: ['+33899'] }
  const of = (text: string, settings?: NumberSettings) => {
    const judged = judgeNumber(text, rulesOf(settings))
    return 'phone' in judged ? judged.phone : judged.refusals.map(words)
  }
  expect(of('06 12 34 56 78', own)).toBe('+33612345678')
  expect(of('+33612345678')).toEqual(['not-allowed DE'])
  expect(of('+4919012345', own)).toEqual(['denied +49190'])
  expect(of('+33899123456', own)).toEqual(['denied +33899'])
  expect(of('0170 1234567')).toBe('+491701234567')
  expect(of('0170 1234567', {})).toBe('+491701234567')
  expect(rulesOf(own)).toBe(rulesOf(own))
})
