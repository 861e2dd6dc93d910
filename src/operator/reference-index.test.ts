import { expect, test } from 'bun:test'
import { seededRandom } from './randomness.ts'
import { createReferenceIndex } from './reference-index.ts'

const uuid = (n: number) => `0190a0a0-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

test('agrees with a Map over thousands of puts, removals and growths', () => {
  const random = seededRandom(11)
  let capacity = 8
  const index = createReferenceIndex(capacity)
  const slots = new Map<string, number>()
  const free: number[] = Array.from({ length: capacity }, (_, slot) => slot)

  function putOne() {
    const n = Math.floor(random() * 1_000_000)
    const reference = n % 10 === 0 ? `other-${n}` : uuid(n)
    const slot = slots.has(reference) ? undefined : free.pop()
    if (slot === undefined) return
    index.put(reference, slot)
    slots.set(reference, slot)
  }
  function removeOne() {
    const [reference, slot] = [...slots][Math.floor(random() * slots.size)] ?? []
    if (reference === undefined || slot === undefined) return
    index.remove(slot)
    slots.delete(reference)
    free.push(slot)
    expect(index.slotOf(reference)).toBe(-1)
  }
  function growTwofold() {
    for (let slot = capacity; slot < capacity * 2; slot++) free.push(slot)
    capacity *= 2
    index.grow(capacity)
  }

  for (let step = 0; step < 8_000; step++) {
    if (free.length === 0 && capacity < 512) growTwofold()
    if (random() < 0.6) putOne()
    else removeOne()
  }
  expect(slots.size).toBeGreaterThan(300)
  for (const [reference, slot] of slots) {
    expect(index.slotOf(reference)).toBe(slot)
    expect(index.referenceOf(slot)).toBe(reference)
  }
})
