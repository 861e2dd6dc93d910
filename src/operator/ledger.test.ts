import { describe, expect, test } from 'bun:test'
import type { Ledger } from './ledger.ts'
import { createLedger, otherKeysMax } from './ledger.ts'

describe('a reference', () => {
  test('counts submits, taken and duplicates, and keeps its first arrival', () => {
    const ledger = createLedger()
    ledger.record('r', 'r', 10.5)
    const second = ledger.record('r', 'r', 20)
    expect(ledger.wasTaken(second)).toBe(false)
    ledger.take(second, 'r', 'r')
    const third = ledger.record('r', 'other', 30)
    expect(ledger.wasTaken(third)).toBe(true)
    expect(ledger.find('r')).toEqual({
      reference: 'r',
      submits: 3,
      taken: 1,
      duplicates: 1,
      idempotencyKeys: ['r', 'other'],
      arrivedMs: 10.5,
    })
    expect(ledger.arrivedMs('r')).toBe(10.5)
    expect(ledger.find('s')).toBeNull()
    expect(ledger.arrivedMs('s')).toBeNull()
  })
})

describe('a key', () => {
  test('keeps the first number it was taken under', () => {
    const ledger = createLedger()
    const slot = ledger.record('r', 'r', 0)
    expect(ledger.numberOf(slot, 'r', 'r')).toBe(0)
    expect(ledger.take(slot, 'r', 'r')).toBe(1)
    expect(ledger.take(slot, 'r', 'r')).toBe(2)
    expect(ledger.numberOf(slot, 'r', 'r')).toBe(1)
  })
  test('other than the reference has a number of its own', () => {
    const ledger = createLedger()
    const slot = ledger.record('r', 'k', 0)
    ledger.take(slot, 'r', 'k')
    ledger.record('r', 'r', 0)
    expect(ledger.numberOf(slot, 'r', 'k')).toBe(1)
    expect(ledger.numberOf(slot, 'r', 'r')).toBe(0)
  })
  test('is not known when there is none', () => {
    const ledger = createLedger()
    const slot = ledger.record('r', null, 0)
    ledger.take(slot, 'r', null)
    expect(ledger.numberOf(slot, 'r', null)).toBe(0)
    expect(ledger.find('r')?.idempotencyKeys).toEqual([])
  })
  test('is remembered only so often per reference', () => {
    const ledger = createLedger()
    for (let n = 0; n < otherKeysMax + 5; n++) ledger.record('r', `k${n}`, 0)
    expect(ledger.find('r')?.idempotencyKeys).toHaveLength(otherKeysMax)
  })
})

describe('limits', () => {
  test('past the maximum the oldest are forgotten, and counted', () => {
    const ledger = createLedger(3_000)
    for (let n = 0; n < 3_500; n++) takeNew(ledger, `r${n}`, n)
    expect(ledger.size).toBe(3_000)
    expect(ledger.forgotten).toBe(500)
    expect(ledger.find('r499')).toBeNull()
    expect(ledger.find('r500')).toMatchObject({ taken: 1, arrivedMs: 500 })
    expect(ledger.find('r3499')).toMatchObject({ submits: 1, taken: 1, arrivedMs: 3_499 })
    expect(ledger.references().next().value).toBe('r500')
  })
  test('growing keeps what is remembered', () => {
    const ledger = createLedger()
    const references = Array.from({ length: 150_000 }, () => Bun.randomUUIDv7())
    for (const [n, reference] of references.entries()) takeNew(ledger, reference, n)
    expect([...ledger.references()]).toEqual(references)
    expect(references.every((reference, n) => ledger.arrivedMs(reference) === n)).toBe(true)
  })
  test('a forgotten slot starts anew', () => {
    const ledger = createLedger(1)
    ledger.take(ledger.record('a', 'k', 1), 'a', 'k')
    const slot = ledger.record('b', 'b', 2)
    expect(ledger.wasTaken(slot)).toBe(false)
    expect(ledger.find('b')).toMatchObject({ submits: 1, taken: 0, idempotencyKeys: ['b'] })
  })
  test('numbers go on after a clear', () => {
    const ledger = createLedger()
    takeNew(ledger, 'a', 0)
    ledger.clear()
    expect(ledger.size).toBe(0)
    expect(ledger.find('a')).toBeNull()
    expect(takeNew(ledger, 'a', 0)).toBe(2)
  })
})

function takeNew(ledger: Ledger, reference: string, arrivedMs: number): number {
  return ledger.take(ledger.record(reference, reference, arrivedMs), reference, reference)
}
