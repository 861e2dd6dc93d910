import { expect, test } from 'bun:test'
import { unknownCustomer } from './customer-settings.ts'

test('a customer that nobody has made has nothing particular', () => {
  expect(unknownCustomer(7)).toEqual({
    id: 7,
    isKnown: false,
    settings: {},
    account: null,
    prices: [],
  })
})
