import { describe, expect, test } from 'bun:test'
import { withoutMessage } from './provider-words.ts'

const message = { recipient: '+491701234567', text: 'Dear Ms Miller, your code is 482913.' }

describe('a provider’s words', () => {
  test.each([
    ['+491701234567 is barred', '[number] is barred'],
    ['barred: 00491701234567', 'barred: [number]'],
    ['barred: 0170 1234567!', 'barred: [number]!'],
    ['barred: +49 (170) 123-45-67', 'barred: [number]'],
    ['barred: +49 170 123 45 67, twice 01701234567', 'barred: [number], twice [number]'],
  ])('lose the number: %s', (words, kept) => expect(withoutMessage(words, message)).toBe(kept))

  test.each([
    [`spam: "${message.text}"`, 'spam: "[text]"'],
    ['spam: "Dear Ms Miller, your …"', 'spam: "[text]…"'],
    ['spam near your code is 48', 'spam near[text]'],
    ['the code 482913 is not allowed', 'the code [text] is not allowed'],
  ])('lose the text: %s', (words, kept) => expect(withoutMessage(words, message)).toBe(kept))

  test('lose a text that is short, but not one letter of it', () => {
    expect(withoutMessage('not allowed: Hi', { ...message, text: 'Hi' })).toBe(
      'not allowed: [text]',
    )
    expect(withoutMessage('a limit', { ...message, text: 'a' })).toBe('a limit')
    expect(withoutMessage('', message)).toBe('')
  })

  test.each([
    'status 400',
    'no answer within 10000 ms',
    'account 1234567890 has no credit',
    'connection refused',
    'invalid_recipient',
  ])('else stay as they are: %s', (words) => expect(withoutMessage(words, message)).toBe(words))
})
