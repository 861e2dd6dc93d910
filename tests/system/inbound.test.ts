/** What people send to our numbers, on the compiled binary: in parts over several processes, repeated, never whole, and faulty. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/gateway-fixture.ts'
import { type InboundGateway, newPhone, startInboundGateway } from './inbound-fixture.ts'

let it: InboundGateway
beforeAll(async () => {
  it = await startInboundGateway()
})
afterAll(() => it.close())

interface Shown {
  readonly id: string
  readonly message: string
  readonly customer_id: number | null
  readonly complete: boolean
  readonly missing_parts: readonly number[]
}
async function from(phone: string, key?: string): Promise<readonly Shown[]> {
  const path = `/api/v1/inbound-messages?phone=${encodeURIComponent(phone)}`
  const { status, body } = await it.call('GET', path, undefined, key)
  expect(status).toBe(200)
  return body.inbound_messages
}

function partsOf(texts: readonly string[], reference = 7) {
  const phone = newPhone()
  const items = texts.map((text, index) => ({
    message_id: crypto.randomUUID(),
    from: phone,
    to: '+4915000000',
    text,
    part: { reference, total: texts.length, number: index + 1 },
  }))
  return { phone, items }
}

describe('parts', () => {
  test('make one message in any order, over two processes, at once and twice', async () => {
    const messages = Array.from({ length: 30 }, () => partsOf(['one ', 'two ', 'three ', 'four']))
    const urls = [it.gateway.api.url, it.another.url] as const
    const statuses = await Promise.all(
      messages.flatMap(({ items }, round) =>
        [...items, ...items].map(async (item, place) => {
          // Shifted by the round: every part is first, and last, and on either process.
          const at = (place + round) % items.length
          const url = urls[(place + (round % 3)) % 2] ?? urls[0]
          return (await it.bring(items[at] ?? item, { url })).status
        }),
      ),
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    for (const { phone } of messages) {
      const found = await from(phone)
      expect(found).toMatchObject([
        { message: 'one two three four', complete: true, missing_parts: [] },
      ])
    }
  })

  test('told by a user data header are the same', async () => {
    const phone = newPhone()
    const item = { from: phone, to: '12345' }
    const parts = [
      { ...item, message_id: 'b', text: 'two', udh: '060804beef0202' },
      { ...item, message_id: 'a', text: 'one ', udh: '060804beef0201' },
    ]
    expect((await it.bring(parts)).body).toEqual({ stored: 2 })
    expect(await from(phone)).toMatchObject([{ message: 'one two' }])
  })

  test('of which one never comes are a message without it, when their time is over', async () => {
    const { phone, items } = partsOf(['one ', 'two ', 'three'])
    await it.bring(items.filter((_, index) => index !== 1))
    const found = await eventually(
      async () => {
        const shown = await from(phone)
        return shown.length > 0 ? shown : null
      },
      { what: 'what there is is given on' },
    )
    expect(found).toMatchObject([{ message: 'one three', complete: false, missing_parts: [2] }])
    const one = await it.call('GET', `/api/v1/inbound-messages/${found[0]?.id}`)
    expect(one.body).toEqual(found[0])
  })

  test('that the operator brings shuffled and several times, with new ids, are one message', async () => {
    for (const udh of [false, true]) {
      const phone = newPhone()
      const answer = await post(`${it.gateway.operatorUrl}/control/primary/inbound-messages`, {
        url: `${it.another.url}/api/v1/providers/primary/inbound-messages`,
        from: phone,
        to: '+4915000000',
        text: 'Grüße aus 東京 😀 und zurück',
        parts: 4,
        copies: 3,
        same_ids: false,
        order: 'shuffled',
        udh,
      })
      const { sent, statuses } = (await answer.json()) as { sent: object[]; statuses: number[] }
      expect(sent).toHaveLength(12)
      expect(new Set(statuses)).toEqual(new Set([200]))
      expect(await from(phone)).toMatchObject([{ message: 'Grüße aus 東京 😀 und zurück' }])
    }
  })
})

test('a repetition is answered as the first, by either process, and changes nothing', async () => {
  const phone = newPhone()
  const item = { message_id: crypto.randomUUID(), from: phone, to: '+4915000000', text: 'yes' }
  for (const url of [it.gateway.api.url, it.another.url, it.gateway.api.url]) {
    const { status, body } = await it.bring(item, { url })
    expect([status, body]).toEqual([200, { stored: 1 }])
  }
  expect(await from(phone)).toHaveLength(1)
  await it.bring({ ...item, message_id: 'another' })
  expect(await from(phone)).toHaveLength(2)
})

describe('routes', () => {
  test('give each message to its customer, and nobody else sees it', async () => {
    const number = newPhone()
    const [all, shop] = [await it.customer(number), await it.customer(number, 'Shop')]
    const phone = newPhone()
    const bringing = ['hello', 'SHOP: hours?'].map((text) => ({
      message_id: crypto.randomUUID(),
      from: phone,
      to: number,
      text,
    }))
    await it.bring(bringing)
    await it.bring({ from: phone, to: newPhone(), text: 'to nobody' })
    const [ofAll, ofShop] = [await from(phone, all.key), await from(phone, shop.key)]
    expect(ofAll.map(({ message }) => message)).toEqual(['hello'])
    expect(ofShop.map(({ message }) => message)).toEqual(['SHOP: hours?'])
    expect(await from(phone)).toHaveLength(3)
    const path = `/api/v1/inbound-messages/${ofShop[0]?.id}`
    expect((await it.call('GET', path, undefined, shop.key)).status).toBe(200)
    const refused = await it.call('GET', path, undefined, all.key)
    expect([refused.status, refused.body.type]).toEqual([
      404,
      'urn:sms-gateway:problem:inbound-message-not-found',
    ])
    const another = `/api/v1/inbound-messages?customer_id=${shop.id}`
    expect((await it.call('GET', another, undefined, all.key)).status).toBe(422)
    expect((await it.call('GET', another)).body.inbound_messages).toHaveLength(1)
    const unrouted = await it.call('GET', '/api/v1/inbound-messages?unrouted=true&limit=1000')
    const texts = unrouted.body.inbound_messages.map(({ message }: Shown) => message)
    expect(texts).toContain('to nobody')
    expect(texts).not.toContain('hello')
  })

  test('are made, listed page by page and taken away by staff', async () => {
    const number = newPhone()
    const { id, key } = await it.customer(number)
    const route = { number, customer_id: id }
    expect((await it.call('POST', '/api/v1/inbound-routes', route, key)).status).toBe(403)
    expect((await it.call('POST', '/api/v1/inbound-routes', route)).status).toBe(409)
    const nobody = { ...route, keyword: 'x', customer_id: 999_999 }
    expect((await it.call('POST', '/api/v1/inbound-routes', nobody)).status).toBe(404)
    const faulty = await it.call('POST', '/api/v1/inbound-routes', {
      number: '+0170',
      keyword: 'two words',
      customer_id: 0,
      more: 1,
    })
    expect(
      faulty.body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted(),
    ).toEqual(['/customer_id', '/keyword', '/more', '/number'])
    const ids: number[] = []
    for (let cursor: string | null = '0'; cursor !== null; ) {
      const query: string = cursor === '0' ? '' : `&cursor=${cursor}`
      const { body } = await it.call('GET', `/api/v1/inbound-routes?limit=1${query}`)
      ids.push(...body.inbound_routes.map((one: { id: number }) => one.id))
      cursor = body.next_cursor
    }
    expect(new Set(ids).size).toBe(ids.length)
    const gone = await it.call('DELETE', `/api/v1/inbound-routes/${ids.at(-1)}`)
    expect(gone.status).toBe(200)
    expect((await it.call('DELETE', `/api/v1/inbound-routes/${ids.at(-1)}`)).status).toBe(404)
    expect((await it.call('DELETE', '/api/v1/inbound-routes/x')).status).toBe(404)
  })
})

describe('a faulty request', () => {
  const item = { message_id: 'a', from: '+491701234567', to: '+4915000000', text: 'hello' }
  const part = { reference: 1, total: 2, number: 1 }
  const faulty: [string, unknown, string[]][] = [
    ['nothing', {}, ['/from', '/text', '/to']],
    ['null', null, ['']],
    ['no items', [], ['']],
    ['1,001 items', Array.from({ length: 1_001 }, () => item), ['']],
    [
      'numbers without a plus',
      { ...item, from: '491701234567', to: '4915000000' },
      ['/from', '/to'],
    ],
    ['NUL', { ...item, text: 'a\0b', message_id: '\0' }, ['/message_id', '/text']],
    ['half a surrogate pair', '{"from":"+491701234567","to":"12345","text":"\\ud83d"}', ['/text']],
    ['a time that is none', { ...item, received_at: 'yesterday' }, ['/received_at']],
    ['part 0', { ...item, part: { ...part, number: 0 } }, ['/part/number']],
    ['total 0', { ...item, part: { ...part, total: 0 } }, ['/part/number', '/part/total']],
    ['256 parts', { ...item, part: { ...part, total: 256 } }, ['/part/total']],
    ['a part beyond the last', { ...item, part: { ...part, number: 3 } }, ['/part/number']],
    [
      'half a part',
      { ...item, part: { number: 1.5 } },
      ['/part/number', '/part/reference', '/part/total'],
    ],
    [
      'a reference too large',
      { ...item, part: { ...part, reference: 65_536 } },
      ['/part/reference'],
    ],
    ['a header that ends early', { ...item, udh: '050003a702' }, ['/udh']],
    ['a header that is no hexadecimal', { ...item, udh: 'hello' }, ['/udh']],
    ['a header of part 0', { ...item, udh: '050003a70200' }, ['/udh']],
    ['a header beside a part', { ...item, part, udh: '050003a70201' }, ['/udh']],
    ['a text that no message has', { ...item, text: 'x'.repeat(40_801) }, ['/text']],
    ['one faulty item of two', [item, { ...item, to: 'x', udh: 'x' }], ['/1/to', '/1/udh']],
  ]
  test.each(faulty)(
    'with %s is refused, with every fault, and stores nothing',
    async (_, body, places) => {
      const answer = await it.bring(body)
      expect([answer.status, answer.body.type]).toEqual([
        422,
        'urn:sms-gateway:problem:invalid-request',
      ])
      const pointers = answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)
      expect([...new Set<string>(pointers)].toSorted()).toEqual(places)
      expect(await from('+491701234567')).toEqual([])
    },
  )

  test('with a wrong secret, or that of another provider, is refused', async () => {
    for (const secret of ['wrong', 'secret-of-secondary', 'an-admin-token']) {
      expect((await it.bring(item, { secret })).status).toBe(401)
    }
    const nobody = await fetch(`${it.gateway.api.url}/api/v1/providers/nobody/inbound-messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret-of-primary' },
      body: JSON.stringify(item),
    })
    expect(nobody.status).toBe(401)
    expect(await from('+491701234567')).toEqual([])
  })

  test('that is no JSON is refused', async () => {
    expect((await it.bring('{"from"')).status).toBe(400)
  })
})

test('no number and no text is in a log', async () => {
  const phone = newPhone()
  await it.bring({ from: phone, to: '+4915000000', text: 'a secret of mine' })
  await it.bring({ from: phone, to: 'x', text: 'a secret of mine' })
  for (const { logs } of [it.gateway.api, it.another, it.gateway.processor]) {
    expect(logs()).not.toContain(phone)
    expect(logs()).not.toContain('a secret of mine')
  }
})
