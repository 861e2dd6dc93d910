/** Encoding and segments on the compiled binary. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway-fixture.ts'

const path = '/api/v1/messages'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    without: ['processor', 'operator'],
    environment: { SEGMENTS_MAX: '1', SMART_ENCODING: 'on' },
  })
})
afterAll(() => gateway.close())

const post = (address: string, body: unknown) =>
  fetch(`${gateway.api.url}${address}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const submit = (message: string) => post(path, { phone: '+491701234567', customer_id: 1, message })
const preview = (message: unknown) => post(`${path}/preview`, { message })

const fits = `${'a'.repeat(159)}’`

test('a message shows how it is sent; one of more segments than are allowed is refused', async () => {
  const accepted = await submit(fits)
  expect(accepted.status).toBe(202)
  const { id } = (await accepted.json()) as { id: string }
  expect(await (await fetch(`${gateway.api.url}${path}/${id}`)).json()).toMatchObject({
    encoding: 'gsm7',
    segments: 1,
    message: `${'a'.repeat(159)}'`,
  })
  const refused = await submit(`${fits}b`)
  expect(refused.status).toBe(422)
  expect(await refused.json()).toMatchObject({ errors: [{ pointer: '/message' }] })
})

test('a preview shows what would be refused', async () => {
  expect(await (await preview(`${fits}b`)).json()).toMatchObject({
    segments: 2,
    segments_max: 1,
    replaced: [{ from: '’', to: "'", count: 1 }],
  })
  expect((await preview('')).status).toBe(422)
  expect((await preview(7)).status).toBe(422)
  expect((await post(`${path}/preview`, '[')).status).toBe(422)
})
