import { expect, test } from 'bun:test'
import { withWeights } from './provider-mode.ts'

test('weights that were given stand in place of those configured, 0 too; others stay', () => {
  const providers = [
    { name: 'a', weight: 100, url: 'x' },
    { name: 'b', weight: 50, url: 'y' },
    { name: 'c', weight: 10, url: 'z' },
  ]
  const weights = new Map([
    ['a', 0],
    ['b', 70],
    ['gone', 5],
  ])
  expect(withWeights(providers, weights)).toEqual([
    { name: 'a', weight: 0, url: 'x' },
    { name: 'b', weight: 70, url: 'y' },
    { name: 'c', weight: 10, url: 'z' },
  ])
})
