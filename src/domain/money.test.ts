import { describe, expect, test } from 'bun:test'
import { messageStates } from './message-state.ts'
import { amountMax, formatAmount, isReturned, parseAmount, type returnRules } from './money.ts'

describe('an amount', () => {
  test.each([
    ['0', 0, '0.00'],
    ['0.075', 75_000, '0.075'],
    ['12.5', 12_500_000, '12.50'],
    ['-0.000001', -1, '-0.000001'],
    ['-0', 0, '0.00'],
    ['1000000000', amountMax, '1000000000.00'],
  ])('%s', (text, amount, shown) => {
    expect(parseAmount(text)).toBe(amount)
    expect(formatAmount(amount)).toBe(shown)
    expect(parseAmount(shown)).toBe(amount)
  })

  test('is nothing else', () => {
    for (const text of ['', ' 1', '1,5', '.5', '1.', '01', '1e3', '0.0000001', '+1', 'NaN', '١']) {
      expect([text, parseAmount(text)]).toEqual([text, null])
    }
    expect(parseAmount('1000000000.000001')).toBeNull()
  })

  test('is shown and read without a loss', () => {
    for (let step = 0; step < 1_000; step++) {
      const amount = (step * 7_919_993_333) % amountMax
      expect(parseAmount(formatAmount(amount))).toBe(amount)
      expect(parseAmount(formatAmount(-amount))).toBe(amount === 0 ? 0 : -amount)
    }
  })
})

describe('a message', () => {
  const returned = (rule: (typeof returnRules)[number], wasSent: boolean) =>
    messageStates.filter((status) => isReturned(rule, status, wasSent))

  test('is paid in the end, or returned', () => {
    expect(returned('never', false)).toEqual([])
    expect(returned('not_sent', false)).toEqual(['expired', 'rejected', 'failed', 'canceled'])
    expect(returned('not_sent', true)).toEqual([])
    const lost = ['undelivered', 'expired', 'rejected', 'failed', 'canceled']
    expect(returned('not_delivered', false)).toEqual(lost as never)
    expect(returned('not_delivered', true)).toEqual(lost as never)
  })
})
