import { describe, expect, test } from 'bun:test'
import { parseUserDataHeader } from '../domain/user-data-header.ts'
import { inboundItems, inboundSchema } from './inbound.ts'

const plain = { url: 'http://gateway/', from: '+491701234567', to: '12345', text: 'abcdefg' }
const itemsOf = (changes: object) =>
  inboundItems(inboundSchema.parse({ ...plain, ...changes }), Math.random)

describe('what the operator brings', () => {
  test('is one message unless it is told otherwise', () => {
    const { url: _, ...message } = plain
    expect(itemsOf({})).toEqual([{ ...message, message_id: expect.any(String) }])
  })

  test('is cut into parts that make the text again, and no pair is cut', () => {
    const text = 'a😀b😀c😀d'
    const items = itemsOf({ text, parts: 3, reference: 7 })
    expect(items.map(({ text }) => text).join('')).toBe(text)
    expect(items.every(({ text }) => text.isWellFormed())).toBe(true)
    expect(items.map(({ part }) => part)).toEqual(
      [1, 2, 3].map((number) => ({ reference: 7, total: 3, number })),
    )
  })

  test('comes in the order, as often, and without the parts that were asked for', () => {
    const numbers = (changes: object) =>
      itemsOf({ parts: 4, ...changes }).map(({ part }) => part?.number)
    expect(numbers({ order: 'reversed' })).toEqual([4, 3, 2, 1])
    expect(numbers({ order: 'shuffled' }).toSorted()).toEqual([1, 2, 3, 4])
    expect(numbers({ copies: 2 })).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
    expect(numbers({ without: [2] })).toEqual([1, 3, 4])
    const ids = (changes: object) => new Set(itemsOf(changes).map(({ message_id }) => message_id))
    expect(ids({ copies: 3 }).size).toBe(1)
    expect(ids({ copies: 3, same_ids: false }).size).toBe(3)
  })

  test('tells its parts by a header that can be read', () => {
    const items = itemsOf({ parts: 2, reference: 0xbeef, udh: true })
    expect(items.map(({ udh }) => parseUserDataHeader(udh ?? ''))).toEqual([
      { part: { reference: 0xbeef, total: 2, number: 1 } },
      { part: { reference: 0xbeef, total: 2, number: 2 } },
    ])
  })
})
