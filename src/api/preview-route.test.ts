import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, type FakeApi } from '../../tests/support/fake-api.ts'
import { unknownCustomer } from '../domain/customer-settings.ts'
import { issueKey } from './issued-key.ts'

const path = '/api/v1/messages'
const good = { phone: '+491701234567', message: 'hello', customer_id: 1 }

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(async () => {
  await api.close()
})

describe('a preview', () => {
  const preview = (body: unknown) => api.send(`${path}/preview`, body)

  test('tells encoding and segments, and accepts nothing', async () => {
    const response = await preview({ message: `${'a'.repeat(160)}€` })
    expect(response.status).toBe(200)
    expect(await jsonOf<object>(response)).toEqual({
      encoding: 'gsm7',
      units: 162,
      units_per_segment: 153,
      segments: 2,
      segments_max: 30,
      message: `${'a'.repeat(160)}€`,
      parts: ['a'.repeat(153), `${'a'.repeat(7)}€`],
      replaced: [],
    })
    expect(api.inserted).toEqual([])
  })

  test('shows what smart encoding would do', async () => {
    const response = await preview({ message: '“Hi”', smart_encoding: true })
    expect(await jsonOf<object>(response)).toMatchObject({
      encoding: 'gsm7',
      message: '"Hi"',
      replaced: [
        { from: '“', to: '"', count: 1 },
        { from: '”', to: '"', count: 1 },
      ],
    })
    expect(await jsonOf<object>(await preview({ message: '“Hi”' }))).toMatchObject({
      encoding: 'ucs2',
      message: '“Hi”',
    })
  })

  test('tells who would get it, by the rules of the customer', async () => {
    api.known.profiles.set(7, {
      ...unknownCustomer(7),
      isKnown: true,
      settings: { numbers: { region: 'DE', deny: ['+49190'] } },
    })
    const recipientOf = async (body: object) =>
      (await jsonOf<{ recipient?: object }>(await preview({ message: 'a', ...body }))).recipient
    expect(await recipientOf({})).toBeUndefined()
    expect(await recipientOf({ phone: '0170 1234567', customer_id: 7 })).toEqual({
      phone: '+491701234567',
      country: 'DE',
      line_type: 'MOBILE',
      price: null,
    })
    expect(await recipientOf({ phone: '+1234567890' })).toEqual({
      phone: '+1234567890',
      country: null,
      line_type: null,
      price: null,
    })
    const denied = await preview({ message: 'a', phone: '0190 12345', customer_id: 7 })
    expect(denied.status).toBe(422)
    expect(faultPlaces(await problemOf(denied))).toEqual(['/phone'])
  })

  test('of a customer is by its own rules, never by another’s', async () => {
    const { key, prefix, hash } = issueKey()
    api.known.keys.set(prefix, { hash, customerId: 7, scopes: ['send'], refusal: null })
    const settings = { numbers: { region: 'FR' } }
    api.known.profiles.set(7, { ...unknownCustomer(7), isKnown: true, settings })
    const body = { message: 'a', phone: '06 12 34 56 78' }
    const headers = { authorization: `Bearer ${key}` }
    const own = await api.send(`${path}/preview`, body, headers)
    expect(await jsonOf<object>(own)).toMatchObject({ recipient: { phone: '+33612345678' } })
    const others = await api.send(`${path}/preview`, { ...body, customer_id: 8 }, headers)
    expect(faultPlaces(await problemOf(others))).toEqual(['/customer_id'])
  })

  const faulty: [string, unknown, string[]][] = [
    ['nothing', {}, ['/message']],
    ['an empty text', { message: '' }, ['/message']],
    ['a text too long', { message: 'a'.repeat(1_601) }, ['/message']],
    ['a text that is none', { message: 1, smart_encoding: 'yes' }, ['/message', '/smart_encoding']],
    ['an unknown field', { message: 'a', to: '+491701234567' }, ['/to']],
    ['no number', { message: 'a', phone: '0170 1234567' }, ['/phone']],
    ['no number, and no text', { message: '', phone: 1 }, ['/message', '/phone']],
  ]
  test.each(faulty)('of %s is 422', async (_, body, places) => {
    const response = await preview(body)
    expect(response.status).toBe(422)
    expect(faultPlaces(await problemOf(response))).toEqual(places)
  })
})

describe('a message', () => {
  test('is sent with its text replaced when it asks for it, and only then', async () => {
    const message = 'It’s “5 €”…'
    await api.send(path, { ...good, message, smart_encoding: true })
    await api.send(path, { ...good, message })
    await api.send(`${path}/batch`, { messages: [{ ...good, message, smart_encoding: true }] })
    const plain = 'It\'s "5 €"...'
    expect(api.inserted.map(({ text }) => text)).toEqual([plain, message, plain])
  })

  test('may ask for it to be left alone, where it is the default', async () => {
    const text = { segmentsMax: 30, smartEncodingDefault: true }
    const smart = createFakeApi({ text })
    await smart.send(path, { ...good, message: 'a…' })
    await smart.send(path, { ...good, message: 'a…', smart_encoding: false })
    expect(smart.inserted.map((message) => message.text)).toEqual(['a...', 'a…'])
    await smart.close()
  })

  test('of more segments than are allowed is refused, each for itself', async () => {
    const two = createFakeApi({ text: { segmentsMax: 2, smartEncodingDefault: false } })
    const fits = { ...good, message: 'a'.repeat(306) }
    const over = { ...good, message: 'a'.repeat(307) }
    const curly = { ...good, message: `${'a'.repeat(200)}…` }
    expect((await two.send(path, fits)).status).toBe(202)
    const response = await two.send(path, { ...over, phone: '1' })
    expect(response.status).toBe(422)
    expect(faultPlaces(await problemOf(response))).toEqual(['/phone'])
    const refused = await two.send(path, over)
    expect(faultPlaces(await problemOf(refused))).toEqual(['/message'])
    expect((await two.send(path, { ...curly, smart_encoding: true })).status).toBe(202)
    const batch = await two.send(`${path}/batch`, { messages: [fits, curly, over] })
    const { messages } = await jsonOf<{ messages: { error?: { errors: object[] } }[] }>(batch)
    expect(messages.map(({ error }) => error?.errors)).toEqual([
      undefined,
      [expect.objectContaining({ pointer: '/messages/1/message' })],
      [
        {
          pointer: '/messages/2/message',
          detail: 'must take at most 2 segments; in the GSM alphabet it takes 3',
        },
      ],
    ])
    await two.close()
  })
})
