/** Recipients and sender ids on the compiled binary: what is taken, what is refused and why, for everybody and for one customer. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { runCommand } from '../support/gateway.ts'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'
import { numbersThatAreNone } from '../support/numbers-that-are-none.ts'

const adminToken = 'an-admin-token'
const effectMsMax = 5_000
const path = '/api/v1/messages'
const phone = '+491701234567'

/** Customer 1 is as everybody; customer 2 has rules of its own. */
const ownSettings = {
  numbers: {
    region: 'FR',
    validity: 'valid',
    allow: ['FR', 'DE', '+1'],
    deny: ['+33899', 'CA'],
    line_types_denied: ['FIXED_LINE'],
  },
  senders: {
    allowed: ['Acme', '12345', '+15550001111'],
    default: 'Acme',
    per_country: { US: '12345' },
  },
}

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: {
      ADMIN_TOKEN: adminToken,
      LOG_LEVEL: 'info',
      DEFAULT_REGION: 'DE',
      NUMBER_VALIDITY: 'possible',
      NUMBER_DENY: '+882, +49190,KP',
      NUMBER_LINE_TYPES_DENIED: 'PREMIUM_RATE',
      SENDER_ID_DEFAULT: 'Everybody',
    },
  })
  for (const id of ['1', '2']) {
    const made = await runCommand(['customers', 'create', 'A', '--id', id], gateway.environment)
    expect(made.exitCode).toBe(0)
  }
  const set = ['customers', 'set', '2', JSON.stringify(ownSettings)]
  const done = await runCommand(set, gateway.environment)
  expect(done.exitCode).toBe(0)
  expect(JSON.parse(done.stdout).settings).toEqual(ownSettings)
  await eventually(async () => (await submit('+442079460000', { customer_id: 2 })).status === 422, {
    what: 'the settings are in force',
    timeoutMs: effectMsMax,
  })
})
afterAll(() => gateway.close())

async function call(method: string, address: string, body?: unknown, key = adminToken) {
  const response = await fetch(`${gateway.api.url}${address}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Answer }
}

interface Answer {
  readonly id?: string
  readonly errors?: { pointer: string; detail: string }[]
  readonly messages?: { readonly phone: string; readonly error?: Answer }[]
  readonly phone?: string
  readonly sender_id?: string
  readonly recipient?: object
}

const submit = (to: unknown, fields: object = {}) =>
  call('POST', path, { phone: to, message: 'hello', customer_id: 1, ...fields })

/** The message as it is stored. */
async function stored(to: string, fields: object = {}): Promise<Answer> {
  const { status, body } = await submit(to, fields)
  expect({ to, status, errors: body.errors }).toEqual({ to, status: 202, errors: undefined })
  return (await call('GET', `${path}/${body.id}`)).body
}

async function refused(to: unknown, fields: object = {}): Promise<string> {
  const { status, body } = await submit(to, fields)
  expect({ to, status }).toEqual({ to, status: 422 })
  return (body.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')
}

describe('a recipient', () => {
  test('is kept as E.164, however it is written, and found so', async () => {
    // Of no other test, so that it can be counted.
    const own = '+491717654321'
    const written = ['0171 7654321', '(0171) 765-4321', '+49 171 7654321', '0049/171.7654321', own]
    for (const to of written) expect((await stored(to)).phone).toBe(own)
    expect((await stored('+33 6 12 34 56 78')).phone).toBe('+33612345678')
    const batch = await call('POST', `${path}/batch`, {
      messages: [
        { phone: '0171-7654321', message: 'a', customer_id: 1 },
        { phone: '0170', message: 'a', customer_id: 1 },
        { phone: '06 12 34 56 78', message: 'a', customer_id: 2 },
      ],
    })
    expect(batch.body.messages?.map(({ error }) => error?.errors)).toEqual([
      undefined,
      [{ pointer: '/messages/1/phone', detail: 'is too short for a number' }],
      undefined,
    ])
    for (const parameter of ['recipient', 'phone']) {
      const found = await call('GET', `${path}?${parameter}=%2B491717654321`)
      expect(found.body.messages).toHaveLength(written.length + 1)
    }
  })

  test.each([
    ['+1234567890', 'is too short for a number of +1'],
    ['+12345678901234', 'is too long for a number of +1'],
    ['+999000000000', 'must begin with a country code that there is'],
    ['0170 1234567 89012345', 'is too long for a number'],
    ['+88216123456', 'must not begin with +882: such numbers are denied'],
    ['0190 123456', 'must not begin with +49190: such numbers are denied'],
    ['+490190123456', 'must not begin with +49190: such numbers are denied'],
    ['+850 192 123 4567', 'must not be a number of KP: that country is denied'],
    ['0900 1234567', 'must not be of the line type PREMIUM_RATE: it is denied'],
  ])('%s is refused for everybody: %s', async (to, detail) => {
    expect(await refused(to)).toContain(`/phone ${detail}`)
  })

  test.each([...numbersThatAreNone])('%j is none', async (to, detail) => {
    const fault = `/phone ${detail}`
    expect(await refused(to)).toStartWith(fault)
    expect(await refused(to, { customer_id: 2 })).toContain('/phone ')
    const both = await refused(to, { message: '' })
    expect(both).toContain('/message must have')
    expect(both).toContain(fault)
  })
})

describe('a customer', () => {
  const own = { customer_id: 2 }

  test('has its own region, validity and places, and what is denied to everybody is denied to it', async () => {
    expect((await stored('06 12 34 56 78', own)).phone).toBe('+33612345678')
    expect((await stored('+49 170 1234567', own)).phone).toBe(phone)
    expect(await refused('+447400123456', own)).toBe(
      '/phone must be of a country, or begin as, that is allowed: FR, DE, +1',
    )
    expect((await stored('+447400123456')).phone).toBe('+447400123456')
    expect(await refused('+15550001111', own)).toContain('is in no range of numbers')
    expect((await stored('+15550001111')).phone).toBe('+15550001111')
    expect(await refused('+33899123456', own)).toContain('must not begin with +33899')
    expect(await refused('+49190123456', own)).toContain('must not begin with +49190')
    expect(await refused('+16045550100', own)).toContain('must not be a number of CA')
    expect(await refused('01 23 45 67 89', own)).toContain('line type FIXED_LINE')
  })

  test('has its own sender ids', async () => {
    const us = '+12122000000'
    expect((await stored(us, own)).sender_id).toBe('12345')
    expect((await stored(phone, own)).sender_id).toBe('Acme')
    expect((await stored(us, { ...own, sender_id: '+15550001111' })).sender_id).toBe('+15550001111')
    expect(await refused(us, { ...own, sender_id: 'ACME' })).toBe(
      '/sender_id must be one that the customer may use: Acme, 12345, +15550001111',
    )
    expect((await stored(us)).sender_id).toBe('Everybody')
    expect((await stored(us, { sender_id: 'Other' })).sender_id).toBe('Other')
  })

  test('is known by its key, and has nothing of another', async () => {
    const keys = await Promise.all(
      ['1', '2'].map((id) => runCommand(['keys', 'create', '--customer', id], gateway.environment)),
    )
    const body = { phone: '06 12 34 56 78', message: 'a', sender_id: 'Acme' }
    const answers = await Promise.all(
      keys.map(({ stdout }) => call('POST', path, body, stdout.trim())),
    )
    // Dialled in Germany it is another number.
    expect(answers.map(({ status }) => status)).toEqual([202, 202])
    const phones = await Promise.all(
      answers.map(async ({ body: { id } }) => (await call('GET', `${path}/${id}`)).body.phone),
    )
    expect(phones).toEqual(['+49612345678', '+33612345678'])
    const other = { ...body, customer_id: 1 }
    const own = keys[1]?.stdout.trim()
    for (const address of [path, `${path}/preview`]) {
      const { sender_id: _, ...previewed } = other
      const refused = await call('POST', address, address === path ? other : previewed, own)
      expect(refused.status).toBe(422)
      expect(refused.body.errors?.map(({ pointer }) => pointer)).toEqual(['/customer_id'])
    }
  })

  test('sees in a preview who would get it', async () => {
    const preview = (fields: object) => call('POST', `${path}/preview`, { message: 'a', ...fields })
    expect((await preview({ phone: '0170 1234567' })).body.recipient).toEqual({
      phone,
      country: 'DE',
      line_type: 'MOBILE',
      price: null,
    })
    const french = await preview({ phone: '06 12 34 56 78', customer_id: 2 })
    expect(french.body.recipient).toEqual({
      phone: '+33612345678',
      country: 'FR',
      line_type: 'MOBILE',
      price: null,
    })
    expect((await preview({ phone: '+447400123456', customer_id: 2 })).status).toBe(422)
    expect((await preview({})).body.recipient).toBeUndefined()
  })
})

describe('settings that are wrong', () => {
  test('are told all at once, and change nothing', async () => {
    const answer = await call('PATCH', '/api/v1/customers/2', {
      settings: {
        numbers: { region: 'Germany', validity: 1, allow: ['D', '+'], line_types_denied: ['X'] },
        senders: {
          allowed: ['Acme', 'TwelveLetter', '\u202eAcme'],
          default: 'Other',
          per_country: { US: 'Acme', XX: 'Acme', DE: 'Third' },
        },
      },
    })
    expect(answer.status).toBe(422)
    expect(answer.body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/settings/numbers/allow/0',
      '/settings/numbers/allow/1',
      '/settings/numbers/line_types_denied/0',
      '/settings/numbers/region',
      '/settings/numbers/validity',
      '/settings/senders/allowed/1',
      '/settings/senders/allowed/2',
      '/settings/senders/default',
      '/settings/senders/per_country/DE',
      '/settings/senders/per_country/XX',
    ])
    expect((await call('GET', '/api/v1/customers/2')).body).toMatchObject({ settings: ownSettings })
    const json = '{"senders":{"allowed":["Acme"],"default":"ACME"}}'
    const command = await runCommand(['customers', 'set', '2', json], gateway.environment)
    expect(command.exitCode).toBe(2)
    expect(command.stderr).toContain('settings/senders/default must be one of allowed')
  })

  test('of the installation too', async () => {
    const faulty = await runCommand(['config', 'check'], {
      ...gateway.environment,
      DEFAULT_REGION: 'Germany',
      NUMBER_VALIDITY: 'yes',
      NUMBER_ALLOW: 'DE;FR',
      NUMBER_DENY: Array.from({ length: 301 }, (_, index) => `+${index + 1}`).join(','),
      NUMBER_LINE_TYPES_DENIED: 'premium',
    })
    expect(faulty.exitCode).toBe(2)
    const said = faulty.stdout + faulty.stderr
    for (const name of [
      'DEFAULT_REGION must be a country in two letters',
      'NUMBER_VALIDITY must be one of off, possible, valid',
      'NUMBER_ALLOW must be at most 300 countries',
      'NUMBER_DENY must be at most 300 countries',
      'NUMBER_LINE_TYPES_DENIED must be some of MOBILE',
    ]) {
      expect(said).toContain(name)
    }
  })
})

test('no number is in a log', () => {
  expect(gateway.api.logs()).not.toContain('1701234567')
})
