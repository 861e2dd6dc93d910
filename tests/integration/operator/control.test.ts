import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { createOperator } from '../../../src/operator/operator.ts'
import type { RunningOperator } from './support.ts'
import { decoded, instant, startOperator } from './support.ts'

let running: RunningOperator
let registry: Registry
beforeEach(async () => {
  registry = new Registry()
  running = await startOperator({ registry })
})
afterEach(() => running.operator.stop())

describe('evidence', () => {
  test('tells what is missing and what is repeated, over all identities', async () => {
    await running.submit('primary', { reference: 'once' })
    await running.submit('primary', { reference: 'resent' })
    await running.submit('primary', { reference: 'resent' })
    await running.submit('primary', { reference: 'twice' })
    await running.submit('secondary', { reference: 'twice', key: 'k' })
    await running.behave('primary', { outage: true })
    await running.submit('primary', { reference: 'moved' })
    await running.submit('secondary', { reference: 'moved' })
    await running.submit('primary', { reference: 'refused' })

    const references = ['once', 'resent', 'twice', 'moved', 'refused', 'unheard-of']
    const resent = {
      reference: 'resent',
      submits: 2,
      taken: 1,
      duplicates: 1,
      idempotency_keys: ['resent'],
    }
    const twice = {
      reference: 'twice',
      submits: 2,
      taken: 2,
      duplicates: 0,
      idempotency_keys: ['twice', 'k'],
    }
    expect(await decoded(running.post('/control/verify', { references }))).toEqual({
      checked: 6,
      missing: ['refused', 'unheard-of'],
      repeated: [resent, twice],
    })
    expect(await decoded(running.get('/control/duplicates'))).toEqual({
      total: 2,
      duplicates: [resent, twice],
    })
  })

  test('takes 100,000 references at once and no more', async () => {
    const references = Array.from({ length: 100_000 }, (_, index) => `reference-${index}`)
    const verified = await decoded<{ checked: number; missing: string[] }>(
      running.post('/control/verify', { references }),
    )
    expect(verified.checked).toBe(100_000)
    expect(verified.missing).toHaveLength(100_000)
    references.push('one more')
    expect((await running.post('/control/verify', { references })).status).toBe(400)
  })

  test('tells when a reference first came', async () => {
    const before = Date.now()
    await running.submit('primary', { reference: 'r' })
    const between = Date.now()
    await running.submit('secondary', { reference: 'r' })
    const { arrivals } = await decoded<{ arrivals: Record<string, number | null> }>(
      running.post('/control/arrivals', { references: ['r', 'never'] }),
    )
    expect(arrivals.r).toBeWithin(before - 2, between + 2)
    expect(arrivals.never).toBeNull()
  })

  test('shows one reference', async () => {
    await running.submit('primary', { reference: 'r' })
    expect(await decoded(running.get('/control/primary/references/r'))).toEqual({
      reference: 'r',
      submits: 1,
      taken: 1,
      duplicates: 0,
      idempotency_keys: ['r'],
      arrived_ms: expect.any(Number),
    })
    expect((await running.get('/control/secondary/references/r')).status).toBe(404)
  })

  test('is cleared for one identity or for all', async () => {
    await running.submit('primary', { reference: 'r' })
    await running.submit('secondary', { reference: 'r' })
    expect((await running.post('/control/primary/reset')).status).toBe(204)
    const { identities } = await decoded<{ identities: Record<string, unknown> }>(
      running.get('/control/counters'),
    )
    expect(identities.primary).toMatchObject({
      submits: 0,
      taken: 0,
      references: { remembered: 0 },
    })
    expect(identities.secondary).toMatchObject({ submits: 1, taken: 1 })
    await running.post('/control/reset')
    const after = await decoded<{ identities: Record<string, unknown> }>(
      running.get('/control/counters'),
    )
    expect(after.identities.secondary).toMatchObject({ submits: 0, outcomes: { taken: 0 } })
  })
})

describe('behaviour', () => {
  const put = (body: string) =>
    fetch(`${running.url}/control/primary/behaviour`, { method: 'PUT', body })

  test('is changed in part and shown whole', async () => {
    const changed = await decoded(put('{"error_rate":0.25}'))
    expect(changed).toMatchObject({ ...instant, error_rate: 0.25, error_status: 503 })
    expect(await decoded(running.get('/control/primary/behaviour'))).toEqual(changed)
  })

  test('that is faulty changes nothing and is told of in full', async () => {
    const before = await decoded(running.get('/control/primary/behaviour'))
    const response = await put('{"error_rate":7,"colour":"red","report_batch_max":1001}')
    expect(response.status).toBe(400)
    const problem = await decoded<{ error_code: string; errors: { pointer: string }[] }>(response)
    expect(problem.error_code).toBe('invalid_behaviour')
    expect(problem.errors.map((fault) => fault.pointer).sort()).toEqual([
      '',
      '',
      '/error_rate',
      '/report_batch_max',
    ])
    expect(await decoded(running.get('/control/primary/behaviour'))).toEqual(before)
  })

  test.each(['', '{', '[]', 'null'])('%p is none', async (body) => {
    expect((await put(body)).status).toBe(400)
  })

  test('that is too long is 413', async () => {
    expect((await put(JSON.stringify({ x: 'x'.repeat(70_000) }))).status).toBe(413)
  })

  test('goes back to the default', async () => {
    await put('{"outage":true}')
    const response = await fetch(`${running.url}/control/primary/behaviour`, { method: 'DELETE' })
    expect(await response.json()).toMatchObject({ outage: false, latency: { kind: 'uniform' } })
  })
})

describe('the rest', () => {
  test('health, readiness and metrics are served', async () => {
    expect(await decoded(running.get('/health'))).toEqual({ status: 'ok' })
    expect((await running.get('/health/ready')).status).toBe(200)
    await running.submit('primary', { reference: 'r' })
    const metrics = await (await running.get('/metrics')).text()
    expect(metrics).toContain('operator_submits_total{identity="primary",outcome="taken"} 1')
    expect(metrics).toContain('operator_reports_pending{identity="primary"} 0')
  })

  test('what is not there is 404, what is not POSTed 405', async () => {
    for (const path of ['/nobody', '/control/nobody/behaviour', '/control/nobody/counters', '/']) {
      expect((await running.get(path)).status).toBe(404)
    }
    expect((await running.post('/nobody', {})).status).toBe(404)
    expect((await running.get('/primary')).status).toBe(405)
  })

  test('it stops twice, starts again, and leaves no metric behind', async () => {
    const { operator } = running
    await operator.stop()
    await operator.stop()
    expect(operator.port).toBe(0)
    expect(registry.getMetricsAsArray()).toEqual([])
    await operator.start()
    expect(operator.port).toBeGreaterThan(0)
  })

  test('a hanging submit does not keep it from stopping', async () => {
    await running.behave('primary', { hang_rate: 1 })
    const answer = running.submit('primary').catch((error: { code: string }) => error.code)
    await running.submit('secondary')
    await running.operator.stop()
    expect(await answer).toBeOneOf(['ECONNRESET', 'ConnectionClosed', 'ConnectionRefused'])
  })

  test.each(['control', 'Primary', 'a b', ''])('%p cannot be an identity', (name) => {
    const options = { hostname: '127.0.0.1', port: 0, reportSecrets: {} }
    expect(() => createOperator({ ...options, identities: [name] })).toThrow(RangeError)
    expect(() => createOperator({ ...options, identities: ['a', 'a'] })).toThrow(RangeError)
  })
})
