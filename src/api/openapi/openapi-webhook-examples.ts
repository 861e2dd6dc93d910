/** Examples of answers about webhooks; a test holds them against their schemas. */
import type {
  DeliveryBody,
  MessageDeliveryListBody,
  WebhookBody,
  WebhookWithSecretBody,
} from '../webhook-schemas.ts'

const id = '01997d2f-3b4c-7d5e-8f60-718293a4b5c6'

export const webhookExample: WebhookBody = {
  id,
  customer_id: 42,
  url: 'https://hooks.example.com/sms',
  events: ['message.delivered', 'message.failed'],
  description: 'the shop',
  created_at: '2026-01-31T12:00:00.000Z',
  disabled_at: null,
  disabled_reason: null,
  failures: 0,
  failing_since: null,
  previous_secret_expires_at: null,
}

export const webhookWithSecretExample: WebhookWithSecretBody = {
  secret: `whsec_${'A'.repeat(43)}=`,
  ...webhookExample,
}

export const webhookListExample = { webhooks: [webhookExample], next_cursor: null }

export const deliveryExample: DeliveryBody = {
  id,
  event_type: 'message.delivered',
  status: 'pending',
  attempts: 2,
  attempted_at: '2026-01-31T12:00:09.000Z',
  next_attempt_at: '2026-01-31T12:05:20.000Z',
  final_at: null,
  response_status: 500,
  error_code: 'http_status',
  payload: {
    type: 'message.delivered',
    timestamp: '2026-01-31T12:00:04.020Z',
    data: {
      message_id: id,
      customer_id: 42,
      status: 'delivered',
      phone: '+491701234567',
      provider: 'primary',
      error_code: null,
      occurred_at: '2026-01-31T12:00:04.000Z',
    },
  },
}

export const messageDeliveryListExample: MessageDeliveryListBody = {
  deliveries: [{ ...deliveryExample, webhook_id: id }],
}
export const deliveryListExample = { deliveries: [deliveryExample], next_cursor: null }
export const replayedWebhooksExample = { replayed: 12, more: false }
