import { describe, expect, test } from 'bun:test'
import { plainArray, textArray } from './array-literal.ts'

describe('array literals', () => {
  test('plain values are joined', () => {
    expect(plainArray([1, 2, 3])).toBe('{1,2,3}')
    expect(plainArray([])).toBe('{}')
  })

  test('text is quoted, quotes and backslashes escaped, null kept apart from the word', () => {
    expect(textArray(['a,b', 'say "hi"', 'back\\slash', '', null, 'NULL', '{}'])).toBe(
      '{"a,b","say \\"hi\\"","back\\\\slash","",NULL,"NULL","{}"}',
    )
  })
})
