import { expect, test } from 'bun:test'
import type { Route } from '../route.ts'
import { createRouteFinder } from './route-finder.ts'

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  handle: () => new Response(),
})
const routes = [
  route('GET', '/api/v1/messages'),
  route('GET', '/api/v1/messages/:id'),
  route('POST', '/api/v1/messages/:id/cancel'),
  route('GET', '/metrics'),
]
const find = createRouteFinder(routes)

test('finds a route by method and path, with its parameters decoded', () => {
  expect(find('GET', '/api/v1/messages')?.route).toBe(routes[0])
  const found = find('POST', '/api/v1/messages/a%2Fb/cancel')
  expect(found?.route).toBe(routes[2])
  expect([found?.param('id'), found?.param('other')]).toEqual(['a/b', ''])
})

test.each([
  ['another method', 'DELETE', '/api/v1/messages'],
  ['what is not of the API', 'GET', '/metrics'],
  ['an empty parameter', 'GET', '/api/v1/messages/'],
  ['a parameter that is no text', 'GET', '/api/v1/messages/%ff'],
  ['more', 'GET', '/api/v1/messages/a/b'],
])('not %s', (_, method, path) => {
  expect(find(method, path)).toBeNull()
})
