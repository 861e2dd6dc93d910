import { expect, test } from 'bun:test'
import { createPrefixTable, prefixPattern } from './prefix-table.ts'

test('of beginnings that fit, the longest counts', () => {
  const table = createPrefixTable(
    ['+49', '+4915', '+49151', '+1', '+491512345678'].map((prefix) => ({ prefix, value: prefix })),
  )
  const found = (number: string) => table.find(number)?.value ?? null
  expect(found('+491512345678')).toBe('+491512345678')
  expect(found('+491512345679')).toBe('+49151')
  expect(found('+491522345679')).toBe('+4915')
  expect(found('+493012345')).toBe('+49')
  expect(found('+4')).toBeNull()
  expect(found('+441234567')).toBeNull()
  expect(createPrefixTable([]).find('+491512345678')).toBeNull()
})

test.each(['+1', '+49', '+491512345678901'])('%s is a prefix', (prefix) => {
  expect(prefixPattern.test(prefix)).toBe(true)
})

test.each(['', '+', '49', '+0', '+049', '+4x', '+49 151', '+4915123456789012'])(
  '%j is none',
  (prefix) => {
    expect(prefixPattern.test(prefix)).toBe(false)
  },
)
