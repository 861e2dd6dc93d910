import { expect, test } from 'bun:test'
import { isPhoneNumber } from './phone-number.ts'

test('takes international numbers of 7 to 15 digits', () => {
  for (const number of ['+1234567', '+491701234567', '+123456789012345']) {
    expect(isPhoneNumber(number)).toBe(true)
  }
})

test('refuses everything else', () => {
  const refused = [
    '',
    '+',
    '491701234567',
    '00491701234567',
    '+0491701234567',
    '+123456',
    '+1234567890123456',
    '+49 170 1234567',
    '+49-170-1234567',
    '+491701234567\n',
    ' +491701234567',
    '+49170123456a',
    '+४९१७०१२३४५६७',
  ]
  for (const number of refused) expect(isPhoneNumber(number)).toBe(false)
})
