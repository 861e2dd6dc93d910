import { expect, test } from 'bun:test'
import { inspect } from 'node:util'
import {
  isConnectionLost,
  isGroupMissing,
  isRedisRefusal,
  RedisQueueError,
  withoutCommand,
} from './errors.ts'

test('an error is copied without the command that it is about', () => {
  const original = Object.assign(new Error('WRONGPASS invalid'), {
    code: 'ECODE',
    command: { name: 'auth', args: ['secret'] },
  })
  const copy = withoutCommand(original)
  expect(copy).toMatchObject({ message: 'WRONGPASS invalid', code: 'ECODE' })
  expect(inspect(copy, { showHidden: true })).not.toContain('secret')
  expect(withoutCommand('text').message).toBe('text')
})

test('a missing group is told from other refusals', () => {
  expect(isGroupMissing(new Error("NOGROUP No such key 'a' or consumer group"))).toBe(true)
  expect(isGroupMissing(new Error('UNBLOCKED the stream key no longer exists'))).toBe(true)
  expect(isGroupMissing(new Error('WRONGTYPE Operation against a key'))).toBe(false)
  expect(isGroupMissing('NOGROUP ')).toBe(false)
})

test('a refusal is told from silence', () => {
  expect(isRedisRefusal(new Error('NOAUTH Authentication required.'))).toBe(true)
  expect(isRedisRefusal(new Error('WRONGPASS invalid username-password pair'))).toBe(true)
  const cause = new Error('NOAUTH Authentication required.')
  expect(isRedisRefusal(new RedisQueueError('cannot be reached', { cause }))).toBe(true)
  expect(isRedisRefusal(new Error('connect ECONNREFUSED 127.0.0.1:6379'))).toBe(false)
})

test('a defect is not taken for a lost connection', () => {
  expect(isConnectionLost(new Error('Connection is closed.'))).toBe(true)
  expect(isConnectionLost(new TypeError('undefined is not a function'))).toBe(false)
})
