import { describe, expect, test } from 'bun:test'
import { customerSettingsChangeSchema } from './customer-settings-schema.ts'
import { bodyFaults } from './faults.ts'

/** Where something is wrong, sorted; nothing when it is taken. */
function faultPlaces(settings: unknown): string[] {
  const parsed = customerSettingsChangeSchema.safeParse(settings)
  if (parsed.success) return []
  return bodyFaults(parsed.error)
    .map((fault) => ('pointer' in fault ? fault.pointer : '?'))
    .toSorted()
}

test('settings that are right are taken as they are', () => {
  const settings = {
    numbers: {
      region: 'DE',
      validity: 'valid',
      allow: ['DE', '+4366', '+1'],
      deny: [],
      line_types_denied: ['PREMIUM_RATE', 'PAGER'],
    },
    senders: {
      allowed: ['Acme', '12345', '+15550001111'],
      default: 'Acme',
      per_country: { US: '+15550001111', DE: 'Acme' },
    },
  }
  expect(customerSettingsChangeSchema.parse(settings)).toEqual(settings as never)
  expect(faultPlaces({ numbers: {}, senders: {} })).toEqual([])
  expect(faultPlaces({ numbers: null, senders: null })).toEqual([])
  expect(faultPlaces({ senders: { default: 'Acme', per_country: { US: '12345' } } })).toEqual([])
})

const many = (count: number) => Array.from({ length: count }, (_, index) => `+${index + 1}`)

describe('every fault of', () => {
  test.each([
    [
      'numbers is told',
      {
        region: 'de',
        validity: 'maybe',
        allow: ['DE', 'Germany', '+0', 7],
        deny: 'DE',
        line_types_denied: ['premium', 'MOBILE'],
        x: 1,
      },
      [
        '/allow/1',
        '/allow/2',
        '/allow/3',
        '/deny',
        '/line_types_denied/0',
        '/region',
        '/validity',
        '/x',
      ],
    ],
    ['too many places', { allow: many(301), deny: many(300) }, ['/allow']],
    ['null', { region: null, allow: null }, ['/allow', '/region']],
    [
      'letters of other alphabets',
      { region: 'ＤＥ', deny: ['+४९', '+49\u200e'] },
      ['/deny/0', '/deny/1', '/region'],
    ],
    [
      'an object’s own names',
      { region: '__proto__', allow: ['constructor'] },
      ['/allow/0', '/region'],
    ],
    ['an array', [], ['']],
  ])('%s', (_, numbers, places) => {
    expect(faultPlaces({ numbers })).toEqual(places.map((place) => `/numbers${place}`))
  })

  test.each([
    [
      'senders is told',
      {
        allowed: ['Acme', 'Müller', '12'],
        default: 'Other',
        per_country: { US: 'Another', DE: 'Acme', FR: 'ü', XX: 'Acme' },
        x: 1,
      },
      [
        '/allowed/1',
        '/allowed/2',
        '/default',
        '/per_country/FR',
        '/per_country/FR',
        '/per_country/US',
        '/per_country/XX',
        '/x',
      ],
    ],
    ['what is not allowed', { allowed: ['Acme'], default: 'ACME' }, ['/default']],
    ['none allowed', { allowed: [] }, ['/allowed']],
    ['too many', { allowed: Array(201).fill('Acme') }, ['/allowed']],
    [
      'countries that are none',
      { per_country: { '': 'A', constructor: 'A' } },
      ['/per_country/', '/per_country/constructor'],
    ],
    [
      'other types',
      { allowed: 'Acme', default: 7, per_country: [] },
      ['/allowed', '/default', '/per_country'],
    ],
    ['null', { allowed: null, per_country: null }, ['/allowed', '/per_country']],
    ['text', 'Acme', ['']],
  ])('%s', (_, senders, places) => {
    expect(faultPlaces({ senders })).toEqual(places.map((place) => `/senders${place}`))
  })
})

test('a country that is none is told in words', () => {
  const parsed = customerSettingsChangeSchema.safeParse({ senders: { per_country: { XX: 'A' } } })
  expect(bodyFaults(parsed.error as never)).toEqual([
    {
      pointer: '/senders/per_country/XX',
      detail: 'must be named as a country in two letters, such as DE',
    },
  ])
})
