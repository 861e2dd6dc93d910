import { describe, expect, test } from 'bun:test'
import { parseUserDataHeader } from './user-data-header.ts'

describe('a user data header', () => {
  test.each([
    ['an 8-bit reference', '050003a70201', { reference: 0xa7, total: 2, number: 1 }],
    ['the same in capitals', '050003A70201', { reference: 0xa7, total: 2, number: 1 }],
    ['a 16-bit reference', '060804beef0302', { reference: 0xbeef, total: 3, number: 2 }],
    ['255 parts', '050003ffffff', { reference: 255, total: 255, number: 255 }],
    ['ports before it', '0b05040b8423f00003010201', { reference: 1, total: 2, number: 1 }],
    [
      'both: the last counts',
      '0b00030102010804000a0202',
      {
        reference: 10,
        total: 2,
        number: 2,
      },
    ],
  ])('with %s', (_, hex, part) => {
    expect(parseUserDataHeader(hex)).toEqual({ part })
  })

  test.each([
    ['no element', '00'],
    ['ports alone', '0605040b8423f0'],
  ])('with %s is of a whole message', (_, hex) => {
    expect(parseUserDataHeader(hex)).toEqual({ part: null })
  })

  test.each([
    ['nothing', ''],
    ['half an octet', '050003a7020'],
    ['no hexadecimal', '050003a702zz'],
    ['a length that is too great', '060003a70201'],
    ['a length that is too small', '040003a70201'],
    ['an element that goes beyond the end', '050004a70201'],
    ['an identifier alone', '060003a7020100'],
    ['an 8-bit element of four octets', '060004a7020100'],
    ['a 16-bit element of three octets', '050803a70201'],
    ['part 0', '050003a70200'],
    ['total 0', '050003a70000'],
    ['a number above the total', '050003a70203'],
    ['more octets than there are in an SMS', 'ff'.repeat(141)],
  ])('with %s is faulty', (_, hex) => {
    expect(parseUserDataHeader(hex)).toEqual({ fault: expect.stringMatching(/^must /) })
  })
})
