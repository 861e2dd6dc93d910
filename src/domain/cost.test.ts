import { expect, test } from 'bun:test'
import { costText, parseCost } from './cost.ts'

test.each([
  ['0', 0, '0'],
  ['0.045', 45_000, '0.045'],
  ['0.0450', 45_000, '0.045'],
  ['12', 12_000_000, '12'],
  ['0.000001', 1, '0.000001'],
  ['1000', 1_000_000_000, '1000'],
])('%s is %d millionths', (text, cost, shown) => {
  expect(parseCost(text)).toBe(cost)
  expect(costText(cost)).toBe(shown)
})

test.each(['', '-1', '1e-2', '0,05', '.5', '1.', '0.0000001', '1000.01', '99999', 'NaN', ' 1'])(
  '%j is no cost',
  (text) => {
    expect(parseCost(text)).toBeUndefined()
  },
)

test('equal costs are equal, however they are written', () => {
  expect(parseCost('0.1')).toBe(parseCost('0.100000'))
})
