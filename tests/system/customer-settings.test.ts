/** What is particular to a customer, on the compiled binary: set by the API and by the command line, in force within five seconds. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'

const adminToken = 'an-admin-token'
const effectMsMax = 5_000
/** The whole day but for a minute that is over, so that it is quiet whenever this runs. */
const quietNow = () => {
  const time = (ms: number) => new Date(ms).toISOString().slice(11, 16)
  return {
    from: time(Date.now() - 120_000),
    to: time(Date.now() - 180_000),
    time_zone: 'UTC',
  }
}

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: { ADMIN_TOKEN: adminToken },
  })
  for (const id of ['1', '2']) {
    const made = await runCommand(['customers', 'create', 'A', '--id', id], gateway.environment)
    expect(made.exitCode).toBe(0)
  }
})
afterAll(() => gateway.close())

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${gateway.api.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const submit = (path: string, fields: object = {}) =>
  call('POST', `/api/v1/messages${path}`, {
    phone: '+491701234567',
    message: 'hello',
    customer_id: 1,
    ...fields,
  })

const isScheduled = async (expected: boolean) =>
  eventually(async () => (await submit('')).body.status === (expected ? 'scheduled' : 'queued'), {
    what: `messages wait: ${expected}`,
    timeoutMs: effectMsMax,
  })

describe('quiet hours', () => {
  test('are in force for this customer’s normal messages, and for nobody else’s', async () => {
    const changed = await call('PATCH', '/api/v1/customers/1', {
      name: 'Acme',
      settings: { quiet_hours: quietNow() },
    })
    expect(changed).toMatchObject({ status: 200, body: { id: 1, name: 'Acme' } })
    expect((await call('GET', '/api/v1/customers/1')).body).toEqual(changed.body)
    await isScheduled(true)
    expect((await submit('/express')).body.status).toBe('queued')
    expect((await submit('', { customer_id: 2 })).body.status).toBe('queued')

    const off = await runCommand(
      ['customers', 'set', '1', '{"quiet_hours":null}'],
      gateway.environment,
    )
    expect(off.exitCode).toBe(0)
    expect(JSON.parse(off.stdout).settings).toEqual({})
    await isScheduled(false)
    const shown = await runCommand(['customers', 'show', '1'], gateway.environment)
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: 1, name: 'Acme', settings: {} })
  })
})

describe('bad input', () => {
  test.each([
    ['unknown settings', { settings: { quiet: 1 } }, ['/settings/quiet']],
    [
      'hours that are none',
      { settings: { quiet_hours: { from: '24:00', to: 8, time_zone: 'Berlin', x: 1 } } },
      [
        '/settings/quiet_hours/from',
        '/settings/quiet_hours/time_zone',
        '/settings/quiet_hours/to',
        '/settings/quiet_hours/x',
      ],
    ],
    ['no object', { settings: [] }, ['/settings']],
    ['a name of nothing', { name: '', id: 4 }, ['/id', '/name']],
  ])('%s', async (_, body, places) => {
    const answer = await call('PATCH', '/api/v1/customers/1', body)
    expect(answer.status).toBe(422)
    const errors = answer.body.errors as { pointer: string }[]
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(places)
  })

  test('a customer that is none', async () => {
    for (const id of ['99', 'x', '0']) {
      expect((await call('PATCH', `/api/v1/customers/${id}`, {})).status).toBe(404)
      expect((await call('GET', `/api/v1/customers/${id}`)).status).toBe(404)
    }
    const none = await submit('', { customer_id: 99 })
    expect(none.status).toBe(422)
    expect(none.body.errors).toEqual([
      { pointer: '/customer_id', detail: 'must be a customer that there is' },
    ])
  })

  test.each([
    ['1', '{', 2, 'must be JSON'],
    ['1', '{"quiet_hours":{"from":"1"}}', 2, 'settings/quiet_hours/from must be a time of the day'],
    ['99', '{}', 1, 'no customer 99'],
  ])('customers set %s %s', async (id, json, exitCode, said) => {
    const answer = await runCommand(['customers', 'set', id, json], gateway.environment)
    expect(answer.exitCode).toBe(exitCode)
    expect(answer.stderr).toContain(said)
  })
})
