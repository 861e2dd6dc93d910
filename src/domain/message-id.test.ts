import { describe, expect, test } from 'bun:test'
import { isMessageId, messageIdFloor, messageIdRange, messageIdTimeMs } from './message-id.ts'

describe('message id', () => {
  test('carries the time it was made', () => {
    const timeMs = 1_795_000_123_456
    expect(messageIdTimeMs(Bun.randomUUIDv7('hex', timeMs))).toBe(timeMs)
  })

  test('floor is not above any id of its moment, and above every id before', () => {
    const timeMs = 1_795_000_123_456
    const floor = messageIdFloor(timeMs)
    expect(floor <= Bun.randomUUIDv7('hex', timeMs)).toBe(true)
    expect(floor > Bun.randomUUIDv7('hex', timeMs - 1)).toBe(true)
    expect(messageIdTimeMs(floor)).toBe(timeMs)
  })

  test('tells a UUIDv7 from other text', () => {
    expect(isMessageId(Bun.randomUUIDv7())).toBe(true)
    expect(isMessageId(crypto.randomUUID())).toBe(false)
    expect(isMessageId(Bun.randomUUIDv7().toUpperCase())).toBe(false)
    expect(isMessageId('1')).toBe(false)
    expect(isMessageId('')).toBe(false)
  })

  test('range spans all ids', () => {
    const ids = [3, 1, 2].map((second) => messageIdFloor(second * 1000))
    expect(messageIdRange(ids)).toEqual({ min: messageIdFloor(1000), max: messageIdFloor(3000) })
  })
})
