/** Texts and numbers on the compiled binary: where they must not be, and when they go. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { behave, type Gateway, startGateway } from '../support/gateway-fixture.ts'

const adminToken = 'an-admin-token'
const admin = { authorization: `Bearer ${adminToken}` }
const phone = '+491709876543'
const masked = '+49********43'
const secretWord = 'Rumpelstilzchen'
const text = `Dear ${secretWord}, your code is 739184.`

/** Fails as it is told, and says all it knows. */
function startTalker() {
  const talker = { status: 503, taken: [] as string[], stop: () => server.stop(true), url: '' }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const submitted = (await request.json()) as { to: string; text: string; reference: string }
      if (talker.status === 200) {
        talker.taken.push(submitted.text)
        return Response.json({ message_id: `of-${submitted.reference}` })
      }
      const detail = `cannot send "${submitted.text}" to 0${submitted.to.slice(3)} (${submitted.to})`
      return Response.json({ error_code: 'refused', detail }, { status: talker.status })
    },
  })
  talker.url = server.url.href
  return talker
}

const talker = startTalker()
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    environment: {
      ADMIN_TOKEN: adminToken,
      LOG_LEVEL: 'debug',
      PROVIDER_PRIMARY_URL: talker.url,
      PROVIDER_SECONDARY_WEIGHT: '1',
      PROVIDER_BACKUP_WEIGHT: '0',
      RETRY_ATTEMPTS_MAX: '1',
      CIRCUIT_SAMPLES_MIN: '1000',
    },
  })
  for (const id of ['1', '2', '3']) {
    const made = await runCommand(['customers', 'create', 'A', '--id', id], gateway.environment)
    expect(made.exitCode).toBe(0)
  }
})
afterAll(async () => {
  await gateway.close()
  await talker.stop()
})

type Headers = Readonly<Record<string, string>>

async function call(method: string, path: string, body?: unknown, headers: Headers = admin) {
  const response = await fetch(`${gateway.api.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const type = response.headers.get('content-type') ?? ''
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it
  const answer: any = type.includes('json') ? await response.json() : await response.text()
  return { status: response.status, body: answer }
}

const command = (...args: string[]) => runCommand(args, gateway.environment)

async function submit(fields: object = {}): Promise<string> {
  const body = { phone, message: text, customer_id: 1, ...fields }
  const accepted = await call('POST', '/api/v1/messages', body)
  expect(accepted.status).toBe(202)
  return accepted.body.id
}

const shown = async (id: string) => (await call('GET', `/api/v1/messages/${id}`)).body
const becomes = (id: string, status: string) =>
  eventually(async () => (await shown(id)).status === status, { what: `it is ${status}` })

const traces = [phone.slice(1), phone.slice(3), secretWord, '739184']

function expectNone(where: string, written: string): void {
  for (const trace of traces) expect([where, written.includes(trace)]).toEqual([where, false])
}

describe('what is personal', () => {
  test('is in no log, no metric and no listing of dead letters, whatever becomes of a message', async () => {
    const ids: string[] = []
    const sent = async (status: string, fields: object = {}) => {
      const id = await submit(fields)
      ids.push(id)
      await becomes(id, status)
      return id
    }
    talker.status = 503
    await sent('delivered')
    await behave(gateway.operatorUrl, 'secondary', { outage: true })
    const dead = await sent('failed')
    talker.status = 400
    const rejected = await sent('rejected')
    await behave(gateway.operatorUrl, 'secondary', { outage: false })
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const canceled = await sent('scheduled', { schedule_at: later })
    expect((await call('POST', `/api/v1/messages/${canceled}/cancel`, {})).status).toBe(200)

    // Bad input, with what is personal at every place that it has.
    const statuses: [number, string, string, unknown][] = [
      [422, 'POST', '/api/v1/messages', { phone: `${phone}000000`, message: text, [text]: phone }],
      [422, 'POST', '/api/v1/messages', { phone: text, message: 7, customer_id: phone }],
      [400, 'POST', '/api/v1/messages', `{"phone": "${phone}", "message": "${text}"`],
      [422, 'POST', '/api/v1/messages/batch', { messages: [{ phone: text, message: phone }] }],
      [
        202,
        'POST',
        '/api/v1/messages/batch',
        { messages: [{ phone, message: text, customer_id: 1 }, {}] },
      ],
      [200, 'POST', '/api/v1/messages/preview', { message: text }],
      [422, 'POST', '/api/v1/messages/preview', { message: text, [phone]: 1 }],
      [404, 'GET', `/api/v1/messages/${phone}`, undefined],
      [404, 'GET', `/${encodeURIComponent(text)}/${phone}`, undefined],
      [200, 'GET', `/api/v1/messages?recipient=${encodeURIComponent(phone)}`, undefined],
      [422, 'GET', `/api/v1/messages?recipient=${phone}x&${encodeURIComponent(text)}=1`, undefined],
      [422, 'POST', '/api/v1/erasures', { phone: `${phone}000000` }],
      [
        401,
        'POST',
        '/api/v1/providers/primary/delivery-reports',
        { message_id: phone, status: text },
      ],
      [404, 'POST', `/api/v1/providers/${phone}/disable`, {}],
      [422, 'PATCH', '/api/v1/customers/1', { settings: { privacy: { [text]: phone } } }],
    ]
    for (const [status, method, path, body] of statuses) {
      expect([path, (await call(method, path, body)).status]).toEqual([path, status])
    }
    const secret = { authorization: 'Bearer secret-of-primary' }
    const faulty = { message_id: phone, status: text, error_code: text, [phone]: text }
    const path = '/api/v1/providers/primary/delivery-reports'
    expect((await call('POST', path, faulty, secret)).status).toBe(422)

    for (const args of [
      ['dlq', 'list'],
      ['dlq', 'list', '--json'],
      ['dlq', 'show', dead],
    ]) {
      const { stdout } = await command(...args)
      expect(stdout).toContain(dead)
      expectNone(args.join(' '), stdout)
    }
    for (const address of ['/api/v1/dead-letters', `/api/v1/dead-letters/${dead}`]) {
      expectNone(address, JSON.stringify((await call('GET', address)).body))
    }
    expect((await shown(rejected)).failures[0].detail).toContain('cannot send "[text]"')
    expectNone('failures', JSON.stringify((await shown(rejected)).failures))
    const reports = await call('GET', `/api/v1/messages/${rejected}/delivery-reports`)
    expectNone('reports', JSON.stringify(reports.body))
    expectNone('audit', (await command('audit', 'list', '--json')).stdout)

    const { api, processor, operator } = gateway
    await eventually(() => ids.slice(0, 3).every((id) => processor.logs().includes(id)), {
      what: 'all is logged',
    })
    for (const [name, role] of Object.entries({ api, processor, operator })) {
      expectNone(`logs of ${name}`, role.logs())
      expectNone(`metrics of ${name}`, await (await fetch(`${role.url}/metrics`)).text())
    }
    expect(api.logs()).toContain('"level":"debug"')
  })
})

describe('redaction by the settings of a customer', () => {
  test('of a final message nothing is left but its state and what it cost; the provider had it whole', async () => {
    const changed = await call('PATCH', '/api/v1/customers/2', {
      settings: { privacy: { redact_message_after_days: 0, redact_phone_after_days: 0 } },
    })
    expect(changed.status).toBe(200)
    talker.status = 200
    const long = `${text} ${'ж'.repeat(70)}`
    const id = await submit({ message: long, customer_id: 2 })
    const others = await submit({ customer_id: 3 })
    const report = { message_id: `of-${id}`, status: 'delivered' }
    const secret = { authorization: 'Bearer secret-of-primary' }
    for (const each of [report, { ...report, message_id: `of-${others}` }]) {
      await eventually(
        async () =>
          (await call('POST', '/api/v1/providers/primary/delivery-reports', each, secret))
            .status === 200,
        { what: 'the report is taken' },
      )
    }
    await becomes(id, 'delivered')
    const message = await eventually(
      async () => {
        const found = await shown(id)
        return found.message === null && found.phone === masked ? found : false
      },
      { what: 'it is redacted', timeoutMs: 30_000 },
    )
    expect(message).toMatchObject({ status: 'delivered', encoding: 'ucs2', segments: 2 })
    expect(Date.parse(message.message_redacted_at)).toBeGreaterThan(0)
    expect(Date.parse(message.phone_redacted_at)).toBeGreaterThan(0)
    expect(talker.taken).toContain(long)
    expect(await shown(others)).toMatchObject({
      message: text,
      phone,
      message_redacted_at: null,
      phone_redacted_at: null,
    })
    const rows = await gateway.database.sql`SELECT * FROM messages WHERE customer_id = 2`
    expectNone('the row', JSON.stringify(rows))
    const found = await call('GET', `/api/v1/messages?recipient=${encodeURIComponent(phone)}`)
    expect(found.body.messages.map((each: { id: string }) => each.id)).not.toContain(id)
  })

  test.each([
    ['nothing', {}, ['/settings/privacy']],
    [
      'what are no days',
      { redact_message_after_days: -1, redact_phone_after_days: 1.5, redact_all: true },
      [
        '/settings/privacy/redact_all',
        '/settings/privacy/redact_message_after_days',
        '/settings/privacy/redact_phone_after_days',
      ],
    ],
    [
      'too many days',
      { redact_phone_after_days: 3_651 },
      ['/settings/privacy/redact_phone_after_days'],
    ],
    ['no object', 7, ['/settings/privacy']],
  ])('bad input: %s', async (_, privacy, places) => {
    const answer = await call('PATCH', '/api/v1/customers/1', { settings: { privacy } })
    expect(answer.status).toBe(422)
    const errors = answer.body.errors as { pointer: string }[]
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(places)
  })
})

describe('erasure by number', () => {
  const number = '+12025550123'

  test('by the API and by the command: what waits is taken back, what was sent goes', async () => {
    talker.status = 400
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const mine = await submit({ phone: number })
    const theirs = await submit({ phone: number, customer_id: 3 })
    const waits = await submit({ phone: number, schedule_at: later })
    await becomes(mine, 'rejected')
    await becomes(theirs, 'rejected')
    const asked = await call('POST', '/api/v1/erasures', { phone: number, customer_id: 1 })
    expect(asked).toMatchObject({ status: 202, body: { phone: '+1********23', customer_id: 1 } })
    const finished = async (id: string) => {
      const { body } = await call('GET', `/api/v1/erasures/${id}`)
      return body.status === 'finished' ? body : false
    }
    const erasure = await eventually(() => finished(asked.body.id), { what: 'it is finished' })
    expect(erasure).toMatchObject({ redacted: 2, canceled: 1, pending: 0 })
    expect(await shown(waits)).toMatchObject({ status: 'canceled', message: null })
    expect(await shown(mine)).toMatchObject({ phone: '+1********23', message: null })
    expect(await shown(theirs)).toMatchObject({ phone: number, message: text })

    const { exitCode, stdout } = await command('privacy', 'erase', number)
    expect(exitCode).toBe(0)
    const { id } = JSON.parse(stdout)
    await eventually(() => finished(id), { what: 'it is finished' })
    expect(JSON.parse((await command('privacy', 'show', id)).stdout)).toMatchObject({
      customer_id: null,
      redacted: 1,
    })
    expect(await shown(theirs)).toMatchObject({ phone: '+1********23', message: null })
    for (const table of ['messages', 'erasures', 'audit_log']) {
      const rows = await gateway.database.sql`SELECT * FROM ${gateway.database.sql(table)}`
      expect(JSON.stringify(rows)).not.toContain(number)
    }
  })

  test('the command says what is wrong', async () => {
    const faulty: [string[], number][] = [
      [['privacy', 'erase', '0170'], 2],
      [['privacy', 'erase'], 2],
      [['privacy', 'erase', number, '--customer', '0'], 2],
      [['privacy', 'show', 'x'], 2],
      [['privacy', 'show', Bun.randomUUIDv7()], 1],
      [['audit', 'list', '--action', 'x'], 2],
      [['audit', 'list', '--from', 'yesterday'], 2],
      [['audit', 'list', '--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'], 2],
    ]
    for (const [args, exitCode] of faulty) {
      expect([args, (await command(...args)).exitCode]).toEqual([args, exitCode])
    }
  })
})
