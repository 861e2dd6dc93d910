import { expect, test } from 'bun:test'
import { maskRecipient } from './logger.ts'

test('a masked recipient keeps its length, its country and three digits', () => {
  expect(maskRecipient('+491701234567')).toBe('+4917*****567')
  expect(maskRecipient('+1234567')).toBe('********')
})
