import { expect, test } from 'bun:test'
import { pathOf } from './dispatch.ts'

test.each([
  ['http://127.0.0.1:8081/primary', '/primary'],
  ['http://localhost/primary?a=/b', '/primary'],
  ['http://x/', '/'],
])('the path of %p is %p', (url, path) => {
  expect(pathOf(url)).toBe(path)
})
