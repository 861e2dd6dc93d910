import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { eventually } from '../../support/eventually.ts'
import type { CountersAnswer, RunningOperator } from './support.ts'
import { decoded, instant, startOperator } from './support.ts'

let running: RunningOperator
beforeAll(async () => {
  running = await startOperator()
})
afterEach(async () => {
  for (const identity of ['primary', 'secondary']) {
    await fetch(`${running.url}/control/${identity}/behaviour`, { method: 'DELETE' })
    await running.behave(identity, instant)
  }
  await running.post('/control/reset')
})
afterAll(() => running.operator.stop())

const countersOf = async (identity: string) =>
  decoded<CountersAnswer>(running.get(`/control/${identity}/counters`))

const messageId = async (response: Promise<Response>) =>
  (await decoded<{ message_id: string }>(response)).message_id

describe('a good submit', () => {
  test('is answered with a message id of its own', async () => {
    const ids = await Promise.all([1, 2, 3].map(() => messageId(running.submit('primary'))))
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^primary-/)
    expect(await countersOf('primary')).toMatchObject({ submits: 3, taken: 3, duplicates: 0 })
    expect(await countersOf('secondary')).toMatchObject({ submits: 0 })
  })

  test('waits for its latency', async () => {
    await running.behave('primary', { latency: { kind: 'uniform', min_ms: 1, max_ms: 20 } })
    const responses = await Promise.all(
      Array.from({ length: 200 }, () => running.submit('primary')),
    )
    expect(responses.every((response) => response.status === 200)).toBe(true)
  })

  test('that breaks the contract is 400 and says how', async () => {
    const response = await running.post('/primary', { to: '+1555' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error_code: 'invalid_request',
      detail: expect.stringContaining('text'),
    })
    expect(await countersOf('primary')).toMatchObject({ submits: 1, outcomes: { invalid: 1 } })
  })

  test('that is too long is 413', async () => {
    const response = await running.post('/primary', { text: 'x'.repeat(70_000) })
    expect(response.status).toBe(413)
  })
})

describe('a re-send', () => {
  test('is answered with the first message id and counted', async () => {
    const first = await messageId(running.submit('primary', { reference: 'r' }))
    const second = await messageId(running.submit('primary', { reference: 'r' }))
    expect(second).toBe(first)
    expect(await countersOf('primary')).toMatchObject({ submits: 2, taken: 1, duplicates: 1 })
  })

  test('is taken again by a provider that ignores keys', async () => {
    await running.behave('primary', { deduplicate: false })
    const first = await messageId(running.submit('primary', { reference: 'r' }))
    const second = await messageId(running.submit('primary', { reference: 'r' }))
    expect(second).not.toBe(first)
    expect(await countersOf('primary')).toMatchObject({ submits: 2, taken: 2, duplicates: 1 })
  })

  test('under another key, or none, is another message', async () => {
    const ids = new Set([
      await messageId(running.submit('primary', { reference: 'r' })),
      await messageId(running.submit('primary', { reference: 'r', key: 'other' })),
      await messageId(running.submit('primary', { reference: 'r', key: null })),
      await messageId(running.submit('primary', { reference: 'r', key: '"other"' })),
    ])
    expect(ids.size).toBe(3)
  })

  test('after a refusal is no duplicate', async () => {
    await running.behave('primary', { outage: true })
    expect((await running.submit('primary', { reference: 'r' })).status).toBe(503)
    await running.behave('primary', { outage: false })
    expect((await running.submit('primary', { reference: 'r' })).status).toBe(200)
    expect(await countersOf('primary')).toMatchObject({ submits: 2, taken: 1, duplicates: 0 })
  })
})

describe('on demand it', () => {
  test('fails, with a status of choice', async () => {
    await running.behave('primary', { error_rate: 1, error_status: 502 })
    const response = await running.submit('primary')
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ error_code: 'internal_error' })
  })

  test('rejects', async () => {
    await running.behave('primary', { reject_rate: 1, reject_error_code: 'barred' })
    const response = await running.submit('primary')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error_code: 'barred' })
  })

  test('throttles, and tells when to come back', async () => {
    await running.behave('primary', { throttle_rate: 1, retry_after_s: 7 })
    const response = await running.submit('primary')
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(await countersOf('primary')).toMatchObject({ taken: 0, outcomes: { throttled: 1 } })
  })

  test('answers 200 with what is no answer, having taken the message', async () => {
    await running.behave('primary', { malformed_rate: 1, seed: 1 })
    const bodies = new Set<string>()
    for (let n = 0; n < 30; n++) bodies.add(await (await running.submit('primary')).text())
    expect(bodies.size).toBeGreaterThan(3)
    expect(await countersOf('primary')).toMatchObject({ taken: 30 })
  })

  test.each([
    ['reset_rate', 1],
    ['reset_before_rate', 0],
  ])('resets the connection without a byte (%s takes %d)', async (rate, taken) => {
    await running.behave('primary', { [rate]: 1, latency: { kind: 'fixed', value_ms: 3 } })
    expect(await rawSubmit()).toEqual({ received: '', code: 'ECONNRESET' })
    expect(await countersOf('primary')).toMatchObject({ submits: 1, taken })
  })

  test('hangs until the client gives up', async () => {
    await running.behave('primary', { hang_rate: 1 })
    const client = new AbortController()
    const answer = running.submit('primary', { signal: client.signal })
    const hanging = async () =>
      (await decoded<{ hanging: number }>(running.get('/control/counters'))).hanging
    await eventually(async () => (await hanging()) === 1, { what: 'one hanging submit' })
    client.abort()
    expect(await answer.catch((error: Error) => error.name)).toBe('AbortError')
    await eventually(async () => (await hanging()) === 0, { what: 'no hanging submit' })
    expect(await countersOf('primary')).toMatchObject({ taken: 1, outcomes: { hang: 1 } })
  })

  test('does the same things in the same order for the same seed', async () => {
    async function statuses() {
      await running.behave('primary', { seed: 42, error_rate: 0.3, throttle_rate: 0.3 })
      const seen: number[] = []
      for (let n = 0; n < 40; n++) seen.push((await running.submit('primary')).status)
      return seen
    }
    const first = await statuses()
    expect(new Set(first)).toEqual(new Set([200, 429, 503]))
    expect(await statuses()).toEqual(first)
  })
})

/** A submit over a bare socket, to see exactly what comes back. */
function rawSubmit(): Promise<{ received: string; code: string | undefined }> {
  const body = JSON.stringify({ to: '+1555', text: 'x', reference: 'raw' })
  return new Promise((resolve) => {
    let received = ''
    let code: string | undefined
    const socket = connect(running.operator.port, '127.0.0.1', () =>
      socket.write(
        `POST /primary HTTP/1.1\r\nHost: operator\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    )
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code
    })
    socket.on('close', () => resolve({ received, code }))
  })
}
