/** `sms-gateway send`: one message from the command line, through the API. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { freePort } from '../support/free-port.ts'
import { runCommand } from '../support/gateway.ts'
import { behave, type Gateway, identities, startGateway } from '../support/gateway-fixture.ts'

const phone = '+491701234567'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ environment: { ADMIN_TOKEN: 'of-staff' } })
  await behaveAll({ report_status: { delivered: 1 } })
  await administer('/customers', { id: 7, name: 'Seven' })
  await administer('/keys', { customer_id: 7 })
})
afterAll(() => gateway.close())

async function administer<T>(path: string, body: object): Promise<T> {
  const response = await fetch(`${gateway.api.url}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer of-staff', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as T
}

async function behaveAll(behaviour: object): Promise<void> {
  for (const identity of identities) await behave(gateway.operatorUrl, identity, behaviour)
}

const send = (args: readonly string[], changes: Readonly<Record<string, string>> = {}) =>
  runCommand(['send', ...args], {
    ...gateway.environment,
    SMS_GATEWAY_KEY: 'of-staff',
    ...changes,
  })

test('it is accepted, and followed to its end', async () => {
  const sent = await send([phone, 'hello', '--customer', '7'])
  expect(sent.exitCode).toBe(0)
  expect(sent.stdout).toMatch(/^[0-9a-f-]{36} queued\n$/)
  const options = ['--customer', '7', '--express', '--sender', 'ACME', '--wait', '30']
  const followed = await send([phone, 'hello', ...options])
  expect(followed).toMatchObject({ exitCode: 0, stderr: '' })
  expect(followed.stdout).toMatch(/^(\S+) queued\n(.*\n)*\1 delivered by \w+\n$/)
})

test('one that is not delivered is a failure, and its state is told', async () => {
  await behaveAll({ reject_rate: 1 })
  const failed = await send([phone, 'hello', '--customer', '7', '--wait', '30'])
  await behaveAll({ reject_rate: 0 })
  expect(failed.exitCode).toBe(1)
  expect(failed.stdout).toMatch(/ (failed|rejected)\b.*\n$/)
})

test('what the API refuses is told with every fault', async () => {
  const refused = await send(['1', '', '--sender', 'much too long a sender'])
  expect(refused.exitCode).toBe(1)
  for (const field of ['/phone', '/message', '/customer_id', '/sender_id']) {
    expect(refused.stderr).toContain(`  ${field} `)
  }
  const url = `http://127.0.0.1:${await freePort()}`
  expect((await send([phone, 'hello', '--url', url])).stderr).toContain(`${url} did not answer`)
  const stranger = await send([phone, 'hello', '--url', gateway.operatorUrl])
  expect(stranger.exitCode).toBe(1)
  expect((await send([phone, 'hello', '--url', 'localhost'])).exitCode).toBe(2)
  expect((await send([phone])).exitCode).toBe(2)
})

test('with keys in use it needs one, which its environment has', async () => {
  const { key } = await administer<{ key: string }>('/keys', { customer_id: 7 })
  expect((await send([phone, 'hello'], { SMS_GATEWAY_KEY: key })).exitCode).toBe(0)
  for (const wrongKey of [`${key}x`, '']) {
    const wrong = await send([phone, 'hello'], { SMS_GATEWAY_KEY: wrongKey })
    expect(wrong.exitCode).toBe(1)
    expect(wrong.stderr).toContain('SMS_GATEWAY_KEY holds the API key')
    expect(wrong.stderr).not.toContain(key)
  }
})
