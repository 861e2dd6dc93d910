/** Bad input about dead letters, and requests of those who may not ask, at the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { runCommand, startRole } from '../support/gateway.ts'
import { type Gateway, post, startGateway } from '../support/gateway-fixture.ts'

const token = 'the-token-of-the-admin'
const bearer = { authorization: `Bearer ${token}` }
const path = '/api/v1/dead-letters'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    environment: { ADMIN_TOKEN: token },
    without: ['operator', 'processor'],
  })
})
afterAll(() => gateway.close())

const get = (address: string, headers: Record<string, string> = bearer) =>
  fetch(`${gateway.api.url}${address}`, { headers })
const send = (
  action: 'replay' | 'purge',
  body: unknown,
  headers: Record<string, string> = bearer,
) => post(`${gateway.api.url}${path}/${action}`, body, headers)

interface Problem {
  readonly type: string
  readonly errors?: readonly { readonly pointer?: string; readonly parameter?: string }[]
}
const problemOf = async (response: Response) => (await response.json()) as Problem

const id = Bun.randomUUIDv7()
const ids = [id]

describe('requests', () => {
  const many = Array.from({ length: 1_001 }, () => id)
  const bodies: [string, unknown, number, string, string[]][] = [
    ['nothing given', {}, 422, 'invalid-request', ['']],
    ['both given', { ids, filter: {} }, 422, 'invalid-request', ['']],
    ['no id', { ids: [] }, 422, 'invalid-request', ['/ids']],
    ['too many ids', { ids: many }, 422, 'invalid-request', ['/ids']],
    ['bad ids', { ids: ['1', id, 2] }, 422, 'invalid-request', ['/ids/0', '/ids/2']],
    ['ids of another version', { ids: [crypto.randomUUID()] }, 422, 'invalid-request', ['/ids/0']],
    ['an unknown field', { ids, all: true }, 422, 'invalid-request', ['/all']],
    [
      'a bad filter',
      { filter: { lane: 'slow', to: 'noon', colour: 1 } },
      422,
      'invalid-request',
      ['/filter/colour', '/filter/lane', '/filter/to'],
    ],
    ['an array', ids, 422, 'invalid-request', ['']],
    ['null', null, 422, 'invalid-request', ['']],
  ]
  test.each(bodies)('%s', async (_, body, status, kind, places) => {
    for (const action of ['replay', 'purge'] as const) {
      const response = await send(action, body)
      const problem = await problemOf(response)
      expect(response.status).toBe(status)
      expect(problem.type).toEndWith(`:${kind}`)
      expect((problem.errors ?? []).map(({ pointer }) => pointer ?? '').toSorted()).toEqual(places)
    }
  })

  const addresses: [string, number, string][] = [
    [`${path}?cursor=zzz`, 422, 'invalid-request'],
    [`${path}?cursor=${'_'.repeat(32)}`, 422, 'invalid-request'],
    [`${path}?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z`, 422, 'invalid-request'],
    [`${path}?limit=0`, 422, 'invalid-request'],
    [`${path}?replayed=yes`, 422, 'invalid-request'],
    [`${path}?lane=slow&from=noon&colour=red`, 422, 'invalid-request'],
    [`${path}?lane=normal&lane=express`, 422, 'invalid-request'],
    [`${path}/1`, 404, 'dead-letter-not-found'],
    [`${path}/${Bun.randomUUIDv7()}`, 404, 'dead-letter-not-found'],
    [`${path}/replay`, 405, 'method-not-allowed'],
  ]
  test.each(addresses)('%s is %d', async (address, status, kind) => {
    const response = await get(address)
    expect(response.status).toBe(status)
    expect((await problemOf(response)).type).toEndWith(`:${kind}`)
  })
})

describe('access', () => {
  test('without the token, with a wrong one, and with a provider’s: 401, whatever is asked', async () => {
    const wrong = [{}, { authorization: 'Bearer x' }, { authorization: 'Bearer secret-of-primary' }]
    for (const headers of wrong as Record<string, string>[]) {
      const responses = [
        await get(path, headers),
        await get(`${path}/${id}`, headers),
        await send('replay', { ids }, headers),
        await send('purge', '{', headers),
      ]
      for (const response of responses) {
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sms-gateway"')
        expect((await problemOf(response)).type).toEndWith(':unauthorized')
      }
    }
  })

  test('without ADMIN_TOKEN the routes are off, for everybody', async () => {
    const { ADMIN_TOKEN: _, APP_ADDR: __, ...environment } = gateway.environment
    const api = await startRole('api', environment)
    try {
      for (const headers of [{}, bearer, { authorization: 'Bearer ' }]) {
        const response = await fetch(`${api.url}${path}`, { headers: headers as typeof bearer })
        expect(response.status).toBe(403)
        expect((await problemOf(response)).type).toEndWith(':admin-off')
        expect((await post(`${api.url}${path}/purge`, { ids }, headers)).status).toBe(403)
      }
    } finally {
      await api.stop()
    }
  })
})

describe('commands', () => {
  const commands: [string, string[], string][] = [
    ['no selection', ['replay'], 'ids, or filters, or --all'],
    ['ids and all', ['replay', id, '--all'], 'ids, or filters, or --all'],
    ['ids and a filter', ['purge', id, '--lane', 'normal', '--yes'], 'ids, or filters, or --all'],
    ['no id', ['replay', 'no-id', id], 'not a message id: no-id'],
    ['no rate', ['replay', '--all', '--rate', '0'], 'whole number above 0'],
    ['no lane', ['list', '--lane', 'slow'], '--lane must be one of normal, express'],
    ['two faults', ['list', '--to', 'noon', '--error-code', ''], '--error-code must be'],
    ['no cursor', ['list', '--cursor', 'zzz'], '--cursor is not a cursor'],
    ['an unknown option', ['list', '--colour', 'red'], "unknown option '--colour'"],
  ]
  test.each(commands)('%s ends the command with 2', async (_, args, words) => {
    const result = await runCommand(['dlq', ...args], gateway.environment)
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain(words)
    expect(result.stdout).toBe('')
  })
})
