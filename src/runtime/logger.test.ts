import { expect, test } from 'bun:test'
import { maskRecipient, maskRecipientIn, serializeError } from './logger.ts'

test('a masked recipient keeps its length, its country and three digits', () => {
  expect(maskRecipient('+491701234567')).toBe('+4917*****567')
  expect(maskRecipient('+1234567')).toBe('********')
})

test("a recipient is masked in a provider's words, however it is written there", () => {
  expect(maskRecipientIn('+491701234567 (491701234567) is barred', '+491701234567')).toBe(
    '+4917*****567 (4917*****567) is barred',
  )
})

test('an error is logged without the row or the command that it carries', () => {
  const error = Object.assign(new Error('duplicate key', { cause: new Error('below') }), {
    code: '23505',
    detail: 'Failing row contains (secret text)',
    parameters: ['secret'],
    command: { name: 'auth', args: ['secret'] },
  })
  const logged = serializeError(error)
  expect(logged).toMatchObject({ type: 'Error', message: 'duplicate key', code: '23505' })
  expect(logged.cause).toMatchObject({ message: 'below' })
  expect(JSON.stringify({ ...logged, stack: '' })).not.toContain('secret')
  expect(serializeError('text')).toEqual({ message: 'text' })
})
