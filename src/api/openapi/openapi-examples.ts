/** Examples of answers; a test holds them against their schemas. */
import type { CustomerBody, IssuedKeyBody, KeyBody } from '../customer-schemas.ts'
import type { DeadLetterBody, DeadLetterListBody } from '../dead-letter-schemas.ts'
import type { Accepted, MessageBody, PreviewBody } from '../message-schemas.ts'
import { problemBody } from '../problems.ts'
import type { ProviderBody } from '../provider-schemas.ts'
import type { DeliveryReportsBody } from '../report-schemas.ts'

const id = '01997d2f-3b4c-7d5e-8f60-718293a4b5c6'

export const acceptedExample: Accepted = {
  id,
  status: 'queued',
  lane: 'normal',
  accepted_at: '2026-01-31T12:00:00.000Z',
}

const faultyItem = problemBody({
  kind: 'invalid-request',
  detail: 'The request has one fault; errors lists it.',
  errors: [{ pointer: '/messages/1/phone', detail: 'is required' }],
})

export const batchAnswerExample = {
  messages: [
    { id, status: 'queued', lane: 'normal', accepted_at: acceptedExample.accepted_at },
    { error: faultyItem },
  ],
}

export const messageExample: MessageBody = {
  id,
  status: 'delivered',
  lane: 'normal',
  phone: '+491701234567',
  message: 'Your code is 123456',
  message_redacted_at: null,
  phone_redacted_at: null,
  encoding: 'gsm7',
  segments: 1,
  price: '0.075',
  customer_id: 1,
  sender_id: 'Acme',
  provider: 'secondary',
  provider_message_id: 'a1b2c3',
  attempts: 2,
  failures: [
    {
      attempt: 1,
      provider: 'primary',
      kind: 'unavailable',
      code: 'connection_refused',
      detail: 'The connection was refused.',
      at: '2026-01-31T12:00:00.100Z',
    },
  ],
  accepted_at: '2026-01-31T12:00:00.000Z',
  sent_at: '2026-01-31T12:00:00.300Z',
  final_at: '2026-01-31T12:00:04.000Z',
  expires_at: '2026-02-01T12:00:00.000Z',
}

export const messageListExample = { messages: [messageExample], next_cursor: null }

export const deliveryReportsExample: DeliveryReportsBody = {
  delivery_reports: [
    {
      status: 'sent',
      provider: 'secondary',
      provider_message_id: 'a1b2c3',
      error_code: null,
      detail: null,
      occurred_at: '2026-01-31T12:00:00.300Z',
      received_at: '2026-01-31T12:00:00.310Z',
    },
    {
      status: 'delivered',
      provider: 'secondary',
      provider_message_id: 'a1b2c3',
      error_code: null,
      detail: null,
      occurred_at: '2026-01-31T12:00:04.000Z',
      received_at: '2026-01-31T12:00:04.020Z',
    },
  ],
}

const letterExample: DeadLetterListBody['dead_letters'][number] = {
  message_id: id,
  lane: 'normal',
  attempts: 8,
  provider: 'primary',
  error_code: 'connection_refused',
  detail: 'The connection was refused.',
  dead_at: '2026-01-31T12:03:20.000Z',
  replayed_at: null,
}

export const deadLetterListExample: DeadLetterListBody = {
  dead_letters: [letterExample],
  next_cursor: null,
}

export const deadLetterExample: DeadLetterBody = {
  ...letterExample,
  status: 'failed',
  failures: messageExample.failures,
}

export const replayedExample = { replayed: [id], more: false }

export const purgedExample = { purged: [id], more: false }
export const providerExample: ProviderBody = {
  name: 'primary',
  weight: 20,
  weight_configured: 100,
  mode: 'draining',
  note: 'maintenance until 14:00',
  changed_at: '2026-01-31T12:00:00.000Z',
}

export const customerExample: CustomerBody = {
  id: 42,
  name: 'Acme',
  created_at: '2026-01-31T12:00:00.000Z',
  disabled_at: null,
  settings: { quiet_hours: { from: '22:00', to: '08:00', time_zone: 'Europe/Berlin' } },
}

export const keyExample: KeyBody = {
  prefix: 'sgw_0a1b2c3d4e5f',
  customer_id: 42,
  scopes: ['send', 'read'],
  note: 'the shop',
  created_at: '2026-01-31T12:00:00.000Z',
  expires_at: null,
  revoked_at: null,
  last_used_at: '2026-01-31T12:34:00.000Z',
}

export const issuedKeyExample: IssuedKeyBody = {
  key: `sgw_0a1b2c3d4e5f_${'x'.repeat(43)}`,
  ...keyExample,
}

export const previewExample: PreviewBody = {
  encoding: 'gsm7',
  units: 12,
  units_per_segment: 160,
  segments: 1,
  segments_max: 30,
  message: "It's 5 €...",
  parts: ["It's 5 €..."],
  replaced: [
    { from: '’', to: "'", count: 1 },
    { from: '…', to: '...', count: 1 },
  ],
  recipient: { phone: '+491701234567', country: 'DE', line_type: 'MOBILE', price: '0.075' },
}
