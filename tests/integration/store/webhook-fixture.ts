/** For tests of webhooks: customers of their own, their endpoints, and what is due there. */
import type { WebhookClaim, WebhookSettlement } from '../../../src/store/webhook-deliveries.ts'
import type { WebhookEndpoint } from '../../../src/store/webhook-endpoints.ts'
import type { WebhookDelivery } from '../../../src/store/webhook-history.ts'
import { claimToken, createStoreFixture, newMessage, validityMs } from './store-fixture.ts'

export const windowMs = 86_400_000
const disableAfterMs = 3_600_000

export type WebhookFixture = Awaited<ReturnType<typeof createWebhookFixture>>
export type Claimed = Awaited<ReturnType<WebhookFixture['claim']>>[number]

export async function createWebhookFixture() {
  const fixture = await createStoreFixture()
  const { store } = fixture
  let customers = 100
  let tokens = 0

  async function endpointOf(
    customerId: number,
    events: readonly string[] | null = null,
  ): Promise<WebhookEndpoint> {
    const made = await store.createWebhook({
      customerId,
      url: 'https://hooks.example.com/',
      events,
      description: null,
      secret: 'whsec_first',
    })
    if (made === null) throw new Error('no endpoint was made')
    return made
  }

  /** The oldest first. */
  const deliveriesOf = async ({ id }: WebhookEndpoint): Promise<WebhookDelivery[]> =>
    (await store.listWebhookDeliveries(id, null, null, 1_000)).toReversed()

  async function claim(changes: Partial<WebhookClaim> = {}) {
    const token = String(++tokens)
    const claimed = await store.claimWebhooks({
      token,
      countMax: 1_000,
      perEndpointMax: 4,
      perCustomerMax: 100,
      failingFrom: 5,
      failingMax: 100,
      busy: new Map(),
      leaseMs: 60_000,
      ...changes,
    })
    return claimed.map((webhook) => ({ ...webhook, token }))
  }

  async function messagesOf(customerId: number, count: number): Promise<string[]> {
    const messages = Array.from({ length: count }, () => ({ ...newMessage(), customerId }))
    await store.insertMessages(messages, validityMs)
    return messages.map(({ id }) => id)
  }

  return {
    ...fixture,
    newCustomer: () => ++customers,
    endpointOf,
    deliveriesOf,
    eventsOf: async (endpoint: WebhookEndpoint) =>
      (await deliveriesOf(endpoint)).map(({ payload }) => JSON.parse(payload)),
    claim,
    /** Claims what is due, and answers that of one endpoint. */
    claimOf: async ({ id }: WebhookEndpoint, changes: Partial<WebhookClaim> = {}) =>
      (await claim(changes)).filter(({ endpointId }) => endpointId === id),
    settle: (...settlements: WebhookSettlement[]) =>
      store.settleWebhooks(settlements, disableAfterMs),
    messagesOf,
    async sentBy(customerId: number, count: number): Promise<string[]> {
      const ids = await messagesOf(customerId, count)
      const claims = ids.map((id) => ({ id, provider: 'a' }))
      await store.claimMessages(claims, 60_000, claimToken)
      const settlements = ids.map((id) => ({
        id,
        claimToken,
        provider: 'a',
        providerMessageId: `of-${id}`,
        failures: [],
      }))
      await store.settleSent(settlements, windowMs)
      return ids
    },
    /** Something for the endpoint to be told. */
    enqueue: ({ customerId }: WebhookEndpoint, count: number) =>
      store.enqueueWebhookEvents(
        Array.from({ length: count }, () => ({
          customerId,
          type: 'message.received',
          data: { text: 'a "quoted" \\ text, é' },
        })),
      ),
  }
}

/** It was delivered, unless told otherwise. */
export function settlement(
  claimed: Claimed | undefined,
  changes: Partial<WebhookSettlement> = {},
): WebhookSettlement {
  return {
    id: claimed?.id ?? '',
    endpointId: claimed?.endpointId ?? '',
    url: claimed?.url ?? '',
    token: claimed?.token ?? '',
    result: 'delivered',
    retryInMs: 0,
    responseStatus: 200,
    errorCode: null,
    pauseMs: 0,
    gone: false,
    ...changes,
  }
}

export const failed = {
  result: 'pending',
  responseStatus: 500,
  errorCode: 'http_status_500',
} as const
