import { expect, test } from 'bun:test'
import { isPhoneNumber, writtenNumberPattern } from './phone-number.ts'

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

test('knows what people may write for a number', () => {
  for (const text of ['+491701234567', '0170 1234567', '(06) 12-34.56/78', '8999', '+1 (212) 5']) {
    expect(text).toMatch(writtenNumberPattern)
  }
  const refused = [
    '',
    '+',
    '123',
    '1 2 3',
    '+-------',
    '0170 1234567 x5',
    '0170\t1234567',
    '0170\u00a01234567',
    '٠١٧٠١٢٣٤٥٦٧',
    '０１７０１２３４５６７',
    '‎+491701234567',
    '\u202a+491701234567\u202c',
    '0170 1234567\n',
    '0170\u00001234567',
    '1'.repeat(41),
    ' '.repeat(100_000),
  ]
  for (const text of refused) expect(text).not.toMatch(writtenNumberPattern)
})
