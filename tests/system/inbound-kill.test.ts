/** An API process that is killed while people's messages come in: the provider sends again, and each message is there once. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { type RunningRole, startRole } from '../support/gateway.ts'
import { type InboundGateway, newPhone, startInboundGateway } from './inbound-fixture.ts'

let it: InboundGateway
const rounds = 5
const messagesPerRound = 20

beforeAll(async () => {
  it = await startInboundGateway({ INBOUND_PARTS_TIMEOUT_MS: '60000' })
})
afterAll(() => it.close())

const startVictim = async (): Promise<RunningRole> =>
  startRole('api', { ...it.gateway.environment, APP_ADDR: `127.0.0.1:${await freePort()}` })

test('none is lost and none is twice', async () => {
  const phones: string[] = []
  for (let round = 0; round < rounds; round++) {
    const victim = await startVictim()
    const items = Array.from({ length: messagesPerRound }, () => {
      const phone = newPhone()
      phones.push(phone)
      return [1, 2, 3].map((number) => ({
        message_id: crypto.randomUUID(),
        from: phone,
        to: '+4915000000',
        text: `part ${number} `,
        part: { reference: 7, total: 3, number },
      }))
    }).flat()
    let answered = 0
    const bringing = items.map(async (item, index) => {
      const first = index % 2 === 0 ? victim.url : it.gateway.api.url
      const taken = async (url: string) => {
        try {
          return (await it.bring(item, { url })).status === 200
        } catch {
          return false
        }
      }
      if (!(await taken(first))) {
        const again = () => taken(it.gateway.api.url)
        await eventually(again, { what: 'it is taken', timeoutMs: 30_000 })
      }
      answered++
      // In the middle of it.
      if (answered === 10 + round) await victim.kill()
    })
    await Promise.all(bringing)
  }
  for (const phone of phones) {
    const path = `/api/v1/inbound-messages?phone=${encodeURIComponent(phone)}`
    const { body } = await it.call('GET', path)
    expect(body.inbound_messages).toMatchObject([
      { message: 'part 1 part 2 part 3 ', complete: true },
    ])
  }
})
