import { afterEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, databaseError, type FakeApi } from '../../tests/support/fake-api.ts'
import { type CustomerSettings, unknownCustomer } from '../domain/customer-settings.ts'
import type { NumberSettings } from '../domain/number-rules.ts'

const path = '/api/v1/messages'
const good = { phone: '+491701234567', message: 'hello', customer_id: 1 }

let api: FakeApi
afterEach(() => api.close())

/** @param settings of customer 1 */
function start(numbers: NumberSettings = {}, settings: CustomerSettings = {}) {
  api = createFakeApi({ numbers, senderIdDefault: 'Everybody' })
  api.known.profiles.set(1, { ...unknownCustomer(1), isKnown: true, settings })
}

async function faultsOf(body: object): Promise<readonly object[]> {
  const response = await api.send(path, { ...good, ...body })
  if (response.status === 202) return []
  expect(response.status).toBe(422)
  return (await problemOf(response)).errors ?? []
}

const phoneFault = (detail: string) => [{ pointer: '/phone', detail }]

describe('a recipient', () => {
  test('dialled at home is kept as E.164, alone and in a batch', async () => {
    start({ region: 'DE' })
    expect(await faultsOf({ phone: '0170 1234567' })).toEqual([])
    await api.send(`${path}/express`, { ...good, phone: '+49 170 123-4567' })
    const batch = await api.send(`${path}/batch`, {
      messages: [
        { ...good, phone: '(0170) 1234567' },
        { ...good, phone: '0170' },
      ],
    })
    expect(batch.status).toBe(202)
    expect((await jsonOf<{ messages: object[] }>(batch)).messages[1]).toMatchObject({
      error: { errors: [{ pointer: '/messages/1/phone', detail: 'is too short for a number' }] },
    })
    expect(api.inserted.map(({ recipient }) => recipient)).toEqual(Array(3).fill(good.phone))
  })

  test.each([
    [{}, '0170 1234567', 'must be an E.164 number: a plus sign and 7 to 15 digits'],
    [{}, '+1234567890123456', 'must be an E.164 number: a plus sign and 7 to 15 digits'],
    [{ region: 'DE' }, '+1+2345678', 'must be an E.164 number: a plus sign and 7 to 15 digits'],
    [{ region: 'DE' }, '0170', 'is too short for a number'],
    [{ region: 'DE' }, '+999 1234567', 'must begin with a country code that there is'],
    [{ validity: 'possible' }, '+1234567890', 'is too short for a number of +1'],
    [{ validity: 'possible' }, '+123456789012', 'is too long for a number of +1'],
    [{ validity: 'valid' }, '+15550001111', 'is in no range of numbers that is given out in +1'],
    [{ deny: ['+882'] }, '+88216123456', 'must not begin with +882: such numbers are denied'],
    [{ deny: ['DE'] }, good.phone, 'must not be a number of DE: that country is denied'],
    [
      { allow: ['FR', '+43'] },
      good.phone,
      'must be of a country, or begin as, that is allowed: FR, +43',
    ],
    [{ allow: [] }, good.phone, 'must be of a country, or begin as, that is allowed: none'],
    [
      { line_types_denied: ['MOBILE'] },
      good.phone,
      'must not be of the line type MOBILE: it is denied',
    ],
  ] as [NumberSettings, string, string][])('%j refuses %s', async (settings, phone, detail) => {
    for (const [everybodys, own] of [
      [settings, {}],
      [{}, { numbers: settings }],
    ] as const) {
      start(everybodys, own)
      const faults = await faultsOf({ phone })
      expect(faults).toEqual(phoneFault(expect.stringContaining(detail) as never))
      expect(api.inserted).toEqual([])
    }
  })

  test('of a long list of places, some are named', async () => {
    start({ allow: Array.from({ length: 12 }, (_, index) => `+88${index}`) })
    const [fault] = await faultsOf({})
    expect(fault).toMatchObject({ detail: expect.stringMatching(/\+889 and 2 more$/) })
  })

  test('is faulty beside other faults, whatever is wrong with them', async () => {
    start({ deny: ['DE'] }, { senders: { allowed: ['Acme'] } })
    const places = async (body: object) =>
      (await faultsOf(body)).map((fault) => ('pointer' in fault ? fault.pointer : '')).toSorted()
    expect(await places({ message: '', sender_id: 'Other' })).toEqual([
      '/message',
      '/phone',
      '/sender_id',
    ])
    expect(await places({ phone: '0170 1234567', extra: 1 })).toEqual(['/extra', '/phone'])
    expect(await places({ phone: 7, sender_id: 'Other' })).toEqual(['/phone', '/sender_id'])
    expect(await places({ sender_id: '' })).toEqual(['/phone', '/sender_id'])
    expect(await places({ customer_id: 0 })).toEqual(['/customer_id'])
  })

  test('is one customer’s affair', async () => {
    start({}, { numbers: { region: 'DE', allow: ['DE'] } })
    expect(await faultsOf({ phone: '0170 1234567' })).toEqual([])
    expect(await faultsOf({ phone: '+33612345678' })).toHaveLength(1)
    expect(await faultsOf({ phone: '+33612345678', customer_id: 2 })).toEqual([])
    expect(await faultsOf({ phone: '0170 1234567', customer_id: 2 })).toHaveLength(1)
  })

  test('is priced as E.164, and one that is none has one fault', async () => {
    start({}, { numbers: { region: 'DE' } })
    const account = { returnRule: 'never' } as const
    const known = { isKnown: true, account, prices: [] }
    api.known.profiles.set(1, {
      ...unknownCustomer(1),
      ...known,
      settings: { numbers: { region: 'DE' } },
    })
    api.known.profiles.set(2, { ...unknownCustomer(2), ...known })
    const unpriced = 'is nowhere that there is a price for'
    expect(await faultsOf({ phone: '0170 1234567' })).toEqual(phoneFault(unpriced))
    expect(await faultsOf({ phone: '0170 1234567', customer_id: 2 })).toEqual(
      phoneFault(expect.stringContaining('must be an E.164 number') as never),
    )
  })

  test('is looked for as E.164', async () => {
    start({ region: 'DE' })
    const found = await api.send(`${path}?recipient=%2B491701234567`)
    expect(found.status).toBe(200)
    expect(api.listed[0]?.filter).toMatchObject({ recipient: good.phone })
    expect((await api.send(`${path}?recipient=01701234567`)).status).toBe(422)
  })
})

describe('a sender id', () => {
  const senders = {
    allowed: ['Acme', '12345', '+15550001111'],
    default: 'Acme',
    per_country: { US: '12345' },
  }

  test('is that of the country, or the customer’s, or the installation’s', async () => {
    start({ region: 'DE' }, { senders })
    const us = '+12122000000'
    expect(await faultsOf({ phone: us })).toEqual([])
    expect(await faultsOf({ phone: '0170 1234567' })).toEqual([])
    expect(await faultsOf({ phone: us, sender_id: 'Acme' })).toEqual([])
    expect(await faultsOf({ phone: us, customer_id: 2 })).toEqual([])
    expect(await faultsOf({ phone: '+999123456789' })).toEqual([])
    expect(await faultsOf({ customer_id: 2, sender_id: 'Anybody' })).toEqual([])
    expect(api.inserted.map(({ senderId }) => senderId)).toEqual([
      '12345',
      'Acme',
      'Acme',
      'Everybody',
      'Acme',
      'Anybody',
    ])
  })

  test('that is not the customer’s is refused', async () => {
    start({}, { senders })
    for (const sender_id of ['ACME', 'Other', '54321']) {
      expect(await faultsOf({ sender_id })).toEqual([
        {
          pointer: '/sender_id',
          detail: 'must be one that the customer may use: Acme, 12345, +15550001111',
        },
      ])
    }
    expect(api.inserted).toEqual([])
  })

  test('without one of the customer is the installation’s', async () => {
    start({}, { senders: { allowed: ['Acme'] } })
    await faultsOf({})
    expect(api.inserted.map(({ senderId }) => senderId)).toEqual(['Everybody'])
  })
})

test('a database that is away keeps no faulty message from its faults', async () => {
  start()
  api.failures.profiles = databaseError('ECONNREFUSED')
  const faulty = await api.send(path, { ...good, message: '', phone: '0170 1234567' })
  expect(faulty.status).toBe(422)
  expect(faultPlaces(await problemOf(faulty))).toEqual(['/message'])
  expect((await api.send(path, good)).status).toBe(503)
  const preview = { message: 'a', phone: good.phone, customer_id: 1 }
  expect((await api.send(`${path}/preview`, preview)).status).toBe(503)
})
