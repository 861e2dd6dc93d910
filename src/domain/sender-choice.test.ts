import { expect, test } from 'bun:test'
import { maySendAs, senderFor, sendersNotAllowed } from './sender-choice.ts'

test('a message may name what is allowed, as it is written, or anything when nothing is said', () => {
  const settings = { allowed: ['Acme', '12345'] }
  expect(maySendAs(settings, 'Acme')).toBe(true)
  expect(maySendAs(settings, 'ACME')).toBe(false)
  expect(maySendAs({}, 'ACME')).toBe(true)
})

test('the sender of the country comes before the default, which comes before none', () => {
  const settings = { default: 'Acme', per_country: { US: '12345' } }
  expect(senderFor(settings, () => 'US')).toBe('12345')
  expect(senderFor(settings, () => 'DE')).toBe('Acme')
  expect(senderFor(settings, () => null)).toBe('Acme')
  expect(senderFor({ per_country: { US: '12345' } }, () => 'DE')).toBeUndefined()
  expect(senderFor({ per_country: {} }, () => 'constructor')).toBeUndefined()
})

test('the country is not asked when it does not matter', () => {
  const never = (): never => {
    throw new Error('asked')
  }
  expect(senderFor({ default: 'Acme' }, never)).toBe('Acme')
  expect(senderFor({ allowed: ['Acme'] }, never)).toBeUndefined()
})

test('its own senders must be allowed too', () => {
  const per_country = { US: '12345', DE: 'Other' }
  expect(sendersNotAllowed({ allowed: ['Acme', '12345'], default: 'ACME', per_country })).toEqual([
    ['default'],
    ['per_country', 'DE'],
  ])
  expect(sendersNotAllowed({ default: 'Acme', per_country })).toEqual([])
})
