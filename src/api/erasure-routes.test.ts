import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { faultPlaces, jsonOf, problemOf } from '../../tests/support/api-answers.ts'
import { createFakeApi, type FakeApi, fakeAdminToken } from '../../tests/support/fake-api.ts'
import type { Scope } from '../domain/api-key.ts'
import type { ErasureBody } from './erasure-schemas.ts'
import { issueKey } from './issued-key.ts'

const path = '/api/v1/erasures'
const phone = '+491701234567'
const admin = { authorization: `Bearer ${fakeAdminToken}` }

let api: FakeApi
beforeEach(() => {
  api = createFakeApi()
})
afterEach(() => api.close())

function withKey(customerId: number | null, scopes: readonly Scope[]): Record<string, string> {
  const { key, prefix, hash } = issueKey()
  api.known.keys.set(prefix, { hash, customerId, scopes, refusal: null })
  return { authorization: `Bearer ${key}` }
}

describe('an erasure is asked for', () => {
  test('by whoever administers, for all customers or for one; the log names neither number nor token', async () => {
    for (const headers of [admin, withKey(null, ['admin'])]) {
      const response = await api.send(path, { phone }, headers)
      expect(response.status).toBe(202)
      const body = await jsonOf<ErasureBody>(response)
      expect(body).toMatchObject({ status: 'at_work', phone: '+49********67', customer_id: null })
      expect(response.headers.get('location')).toBe(`${path}/${body.id}`)
    }
    const one = await api.send(path, { phone, customer_id: 3 }, admin)
    expect(await one.json()).toMatchObject({ customer_id: 3 })
    expect(api.acts.map(({ action }) => action)).toEqual(Array(3).fill('erasure.requested'))
    expect(api.acts[0]?.actor).toBe('admin-token')
    expect(api.acts[1]?.actor).toMatch(/^sgw_[a-z0-9]{12}$/)
    const written = JSON.stringify([api.acts, api.logLines])
    for (const secret of [phone.slice(1), fakeAdminToken]) expect(written).not.toContain(secret)
  })

  test('by a customer who may send, for its own messages alone', async () => {
    const mine = withKey(7, ['send'])
    const response = await api.send(path, { phone }, mine)
    expect(await response.json()).toMatchObject({ customer_id: 7 })
    expect((await api.send(path, { phone, customer_id: 7 }, mine)).status).toBe(202)
    const other = await api.send(path, { phone, customer_id: 8 }, mine)
    expect(faultPlaces(await problemOf(other))).toEqual(['/customer_id'])
  })

  test('by nobody else', async () => {
    // While there are no keys this machine may send, but not erase for all.
    expect((await api.send(path, { phone })).status).toBe(401)
    expect((await api.send(path, { phone }, withKey(7, ['read']))).status).toBe(403)
    expect((await api.send(path, { phone }, withKey(null, ['send', 'read']))).status).toBe(403)
    expect((await api.send(path, { phone })).status).toBe(401)
    expect(api.acts).toEqual([])
  })

  test.each([
    ['nothing', {}, ['/phone']],
    ['an array', [], ['']],
    [
      'what is no number',
      { phone: '0170', customer_id: 0, x: 1 },
      ['/customer_id', '/phone', '/x'],
    ],
    ['a number of letters', { phone: '+4917O1234567' }, ['/phone']],
  ])('not for %s', async (_, body, places) => {
    const response = await api.send(path, body, admin)
    expect(response.status).toBe(422)
    expect(faultPlaces(await problemOf(response))).toEqual(places)
  })
})

test('an id that is none names no erasure', async () => {
  for (const id of ['x', Bun.randomUUIDv7()]) {
    const response = await api.send(`${path}/${id}`, undefined, admin)
    expect((await problemOf(response)).type).toBe('urn:sms-gateway:problem:erasure-not-found')
  }
})
