/** Limits of customers on the compiled binary, in one process that has no Redis. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ApiProcess, startApiProcess } from './api-process.ts'

let api: ApiProcess
beforeAll(async () => {
  api = await startApiProcess({ LIMIT_MESSAGES_PER_DAY: '20' })
})
afterAll(() => api.stop())

const send = (customer_id: number) =>
  fetch(`${api.url}/api/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ phone: '+491701234567', message: 'hello', customer_id }),
  })

test('standalone counts in the process, by the limits of everybody', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => send(1)))
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(20)
  const other = await send(2)
  expect(other.status).toBe(202)
  expect(other.headers.get('ratelimit-policy')).toBe('"day";q=20;w=86400')
})
