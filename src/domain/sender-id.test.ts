import { expect, test } from 'bun:test'
import { senderIdLengthMax } from './message.ts'
import { isSenderId } from './sender-id.ts'

test('takes numbers, short codes and names', () => {
  const taken = [
    '+491701234567',
    '+123456789012345',
    '123',
    '12345678',
    'A',
    'Acme Bank',
    '3M_shop-24a',
  ]
  for (const sender of taken) {
    expect(isSenderId(sender)).toBe(true)
    expect(sender.length).toBeLessThanOrEqual(senderIdLengthMax)
  }
})

test('refuses everything else', () => {
  const refused = [
    '',
    '12',
    '123456789',
    '12 34',
    '--',
    'TwelveLetter',
    'Müller',
    'a.b',
    '491701234567',
    '+0123456789',
    'Acme\n',
  ]
  for (const sender of refused) expect(isSenderId(sender)).toBe(false)
})
