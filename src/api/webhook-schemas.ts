/** Bodies and parameters about webhooks. */
import { z } from 'zod'
import { disabledReasons, webhookEventTypes } from '../domain/webhook-event.ts'
import {
  type WebhookUrlRules,
  webhookUrlFault,
  webhookUrlLengthMax,
} from '../domain/webhook-url.ts'
import { decodeCursor } from './cursor.ts'
import { customerIdText } from './customer-schemas.ts'
import {
  customerIdField,
  messageIdField,
  mustBe,
  shownText,
  shownTimeField,
  spanRule,
  timeField,
} from './fields.ts'
import { cursorField, limitField, nextCursorField } from './message-schemas.ts'

const bodyRule = { error: mustBe('a JSON object') }

const urlField = z
  .string({ error: mustBe('a URL') })
  .max(webhookUrlLengthMax, { error: `must have at most ${webhookUrlLengthMax} characters` })
  .meta({
    description:
      'Where events are posted to: https, and a host on the public internet. Redirects are not followed.',
    examples: ['https://hooks.example.com/sms'],
  })

const eventRule = mustBe(`one of ${webhookEventTypes.join(', ')}`)
const eventsRule = mustBe(
  'an array of types of events, each once and at least one, or null for all',
)

const eventsField = z
  .array(z.enum(webhookEventTypes, { error: eventRule }), { error: eventsRule })
  .min(1, { error: eventsRule })
  .max(webhookEventTypes.length, { error: eventsRule })
  .refine((given) => new Set(given).size === given.length, { error: eventsRule })
  .nullable()
  .meta({ description: 'Which events it gets; null: all.', examples: [['message.delivered']] })

const descriptionLengthMax = 200
const descriptionField = shownText(descriptionLengthMax)
  .nullable()
  .meta({ description: 'For people.', examples: ['the shop'] })

export const newWebhookSchema = z
  .strictObject(
    {
      url: urlField,
      events: eventsField.optional(),
      description: descriptionField.optional(),
      customer_id: customerIdField
        .optional()
        .meta({ description: 'Whose it is: needed unless the API key tells it.' }),
    },
    bodyRule,
  )
  .meta({
    id: 'NewWebhook',
    examples: [
      { url: 'https://hooks.example.com/sms' },
      { url: 'https://hooks.example.com/sms', events: ['message.delivered', 'message.failed'] },
    ],
  })

export const webhookChangeSchema = z
  .strictObject(
    {
      url: urlField.optional(),
      events: eventsField.optional(),
      description: descriptionField.optional(),
    },
    bodyRule,
  )
  .meta({
    id: 'WebhookChange',
    description: 'What is left out stays.',
    examples: [{ events: null }],
  })

/** What the schema cannot know: where this server may send. */
export function urlFaults(url: unknown, rules: WebhookUrlRules) {
  const fault =
    typeof url === 'string' && url.length <= webhookUrlLengthMax
      ? webhookUrlFault(url, rules)
      : null
  return fault === null ? [] : [{ pointer: '/url', detail: `must ${fault}` }]
}

const webhookFields = {
  id: messageIdField,
  customer_id: z.int(),
  url: z.string(),
  events: z.array(z.string()).nullable().meta({ description: 'Null: all.' }),
  description: z.string().nullable(),
  created_at: shownTimeField,
  disabled_at: shownTimeField.nullable().meta({ description: 'While it is, nothing is sent.' }),
  disabled_reason: z.enum(disabledReasons).nullable(),
  failures: z.int().meta({ description: 'Attempts that failed since the last one that did not.' }),
  failing_since: shownTimeField.nullable(),
  previous_secret_expires_at: shownTimeField
    .nullable()
    .meta({ description: 'Until then events are signed with the secret before as well.' }),
}

export const webhookSchema = z.object(webhookFields).meta({ id: 'Webhook' })
export type WebhookBody = z.infer<typeof webhookSchema>

export const webhookWithSecretSchema = z
  .object({
    secret: z.string().meta({ description: 'Verifies events. It is shown this once.' }),
    ...webhookFields,
  })
  .meta({ id: 'WebhookWithSecret' })
export type WebhookWithSecretBody = z.infer<typeof webhookWithSecretSchema>

export const webhookListSchema = z
  .object({ webhooks: z.array(webhookSchema), next_cursor: nextCursorField })
  .meta({ id: 'WebhookList', description: 'The oldest first.' })

export const webhookParametersSchema = z.strictObject({
  customer_id: customerIdText.optional().meta({ description: 'Of this customer.' }),
  limit: limitField.optional(),
  cursor: cursorField(decodeCursor).optional(),
})

/** How long events may be signed with a secret that has a successor. */
export const secretOverlapSecondsMax = 30 * 86_400
export const secretOverlapSecondsDefault = 86_400
const overlapRule = mustBe(`a whole number of seconds from 0 to ${secretOverlapSecondsMax}`)

export const secretRotationSchema = z
  .strictObject(
    {
      overlap_s: z
        .number({ error: overlapRule })
        .int({ error: overlapRule })
        .min(0, { error: overlapRule })
        .max(secretOverlapSecondsMax, { error: overlapRule })
        .optional()
        .meta({
          description: `How long the old secret goes on; ${secretOverlapSecondsDefault} when not given.`,
        }),
    },
    bodyRule,
  )
  .meta({ id: 'WebhookSecretRotation', examples: [{ overlap_s: 3_600 }] })

const deliveryStatuses = ['pending', 'delivered', 'failed'] as const
const statusRule = mustBe(`one of ${deliveryStatuses.join(', ')}`)

export const deliverySchema = z
  .object({
    id: messageIdField.meta({ description: 'Also the webhook-id, in every attempt.' }),
    event_type: z.string(),
    status: z.enum(deliveryStatuses),
    attempts: z.int(),
    attempted_at: shownTimeField.nullable(),
    next_attempt_at: shownTimeField.nullable().meta({ description: 'Null: there is none.' }),
    final_at: shownTimeField.nullable(),
    response_status: z
      .int()
      .nullable()
      .meta({ description: 'Of the last attempt; null: no answer.' }),
    error_code: z.string().nullable(),
    payload: z.record(z.string(), z.unknown()).meta({ description: 'The body.' }),
  })
  .meta({ id: 'WebhookDelivery' })
export type DeliveryBody = z.infer<typeof deliverySchema>

export const deliveryListSchema = z
  .object({ deliveries: z.array(deliverySchema), next_cursor: nextCursorField })
  .meta({ id: 'WebhookDeliveryList', description: 'The newest first.' })

export const messageDeliveryListSchema = z
  .object({
    deliveries: z.array(
      deliverySchema
        .extend({ webhook_id: messageIdField.meta({ description: 'The webhook it went to.' }) })
        .meta({ id: 'MessageWebhookDelivery' }),
    ),
  })
  .meta({ id: 'MessageWebhookDeliveryList', description: 'The oldest first.' })
export type MessageDeliveryListBody = z.infer<typeof messageDeliveryListSchema>

export const deliveryParametersSchema = z.strictObject({
  status: z.enum(deliveryStatuses, { error: statusRule }).optional(),
  limit: limitField.optional(),
  cursor: cursorField(decodeCursor).optional(),
})

export const replaySchema = z
  .strictObject(
    {
      from: timeField.optional().meta({ description: 'Of events at this time or later.' }),
      to: timeField.optional().meta({ description: 'Of events before this time.' }),
    },
    bodyRule,
  )
  .refine(...spanRule)
  .meta({ id: 'WebhookReplay', examples: [{ from: '2026-01-31T12:00:00Z' }] })

export const replayedWebhooksSchema = z
  .object({
    replayed: z.int(),
    more: z.boolean().meta({ description: 'Ask again: there may be more.' }),
  })
  .meta({ id: 'ReplayedWebhooks' })
