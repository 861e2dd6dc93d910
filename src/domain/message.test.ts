import { expect, test } from 'bun:test'
import { isForLater } from './message.ts'

test('a message is for later while its time has not come', () => {
  const timing = { scheduleAtMs: 1_000, expiresAtMs: null, validForMs: null }
  expect(isForLater({ timing }, 999)).toBe(true)
  expect(isForLater({ timing }, 1_000)).toBe(false)
  expect(isForLater({ timing: { ...timing, scheduleAtMs: null } }, 0)).toBe(false)
  expect(isForLater({}, 0)).toBe(false)
})
