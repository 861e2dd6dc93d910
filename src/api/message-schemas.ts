/** Bodies and parameters about messages: the one source of validation, types and documentation. */
import { z } from 'zod'
import { lineTypes } from '../domain/numbering-plan.ts'
import { encodings } from '../domain/segments.ts'
import { decodeCursor } from './cursor.ts'
import {
  customerIdField,
  laneField,
  messageIdField,
  mustBe,
  phoneField,
  providerNameField,
  recipientField,
  senderIdField,
  shownTimeField,
  spanRule,
  statusField,
  textField,
  timeField,
} from './fields.ts'

const bodyRule = { error: mustBe('a JSON object') }

const smartEncodingField = z.boolean({ error: mustBe('true or false') }).meta({
  description:
    'Whether typography that the GSM alphabet has not (quotes, dashes, dots, spaces) is replaced, when that keeps the text out of UCS-2.',
})

const validForRule = mustBe('a whole number of seconds above 0')

const validForField = z
  .number({ error: validForRule })
  .int({ error: validForRule })
  .min(1, { error: validForRule })
  .max(30 * 86_400, { error: validForRule })
  .meta({ description: 'Seconds for which it may be sent, from its acceptance or schedule_at.' })

const submitFields = {
  phone: recipientField,
  message: textField,
  customer_id: customerIdField
    .optional()
    .meta({ description: "Whose it is. An API key of a customer is for that customer's alone." }),
  sender_id: senderIdField.optional(),
  smart_encoding: smartEncodingField.optional(),
  schedule_at: timeField
    .optional()
    .meta({ description: 'Not sent before. A time that is over is now; at most 7 days ahead.' }),
  expires_at: timeField
    .optional()
    .meta({ description: 'Not sent after: then it is expired. Instead of valid_for_s.' }),
  valid_for_s: validForField.optional(),
}

const submitExample = { phone: '+491701234567', message: 'Your code is 123456', customer_id: 1 }

export const submitSchema = z.strictObject(submitFields, bodyRule).meta({
  id: 'Submit',
  description: 'A message to send.',
  examples: [submitExample, { ...submitExample, sender_id: 'Acme' }],
})
export type Submit = z.infer<typeof submitSchema>

export const batchItemSchema = z
  .strictObject({ ...submitFields, lane: laneField.optional() }, bodyRule)
  .meta({
    id: 'BatchItem',
    description: 'A message to send; without a lane it takes the normal one.',
    examples: [{ ...submitExample, lane: 'express' }],
  })

export const previewSchema = z
  .strictObject(
    {
      message: textField,
      smart_encoding: smartEncodingField.optional(),
      phone: recipientField.optional(),
      customer_id: customerIdField.optional().meta({ description: 'By whose rules.' }),
    },
    bodyRule,
  )
  .meta({
    id: 'PreviewedText',
    examples: [{ message: 'It’s 5 €…', smart_encoding: true, phone: '+491701234567' }],
  })

const encodingField = z.enum(encodings).meta({
  description: 'gsm7: the GSM alphabet, counted in septets; ucs2: UTF-16, counted in code units.',
})
const segmentsField = z.int().meta({ description: 'Segments on the air; each is charged.' })

const recipientSchema = z.object({
  phone: z.string().meta({ description: 'As E.164.' }),
  country: z.string().nullable().meta({ description: 'Null when it cannot be told.' }),
  line_type: z.enum(lineTypes).nullable().meta({ description: 'The same.' }),
  price: z
    .string()
    .nullable()
    .meta({ description: 'What it would cost; null: nothing.', examples: ['0.075'] }),
})
export type RecipientBody = z.infer<typeof recipientSchema>

export const previewAnswerSchema = z
  .object({
    encoding: encodingField,
    units: z.int().meta({ description: 'Septets or code units, without headers.' }),
    units_per_segment: z.int(),
    segments: segmentsField,
    segments_max: z.int().meta({ description: 'A message of more is refused.' }),
    message: z.string().meta({ description: 'As it would be sent.' }),
    parts: z.array(z.string()).meta({ description: 'The text of each segment.' }),
    replaced: z
      .array(z.object({ from: z.string(), to: z.string(), count: z.int() }))
      .meta({ description: 'What smart encoding replaced.' }),
    recipient: recipientSchema.optional().meta({ description: 'When a phone was given.' }),
  })
  .meta({ id: 'Preview' })
export type PreviewBody = z.infer<typeof previewAnswerSchema>

/** The most messages in one batch. */
export const batchItemsMax = 10_000

const batchRule = mustBe(`an array of 1 to ${batchItemsMax} messages`)
const batchMeta = {
  id: 'Batch',
  description: 'Messages to send; each is checked, accepted and answered for itself.',
  examples: [{ messages: [submitExample, { ...submitExample, lane: 'express' }] }],
}

function batchOf<T extends z.ZodType>(item: T) {
  const messages = z
    .array(item, { error: batchRule })
    .min(1, { error: batchRule })
    .max(batchItemsMax, { error: batchRule })
  return z.strictObject({ messages }, bodyRule)
}

/** As documented. */
export const batchSchema = batchOf(batchItemSchema).meta(batchMeta)

/** As checked first: the items are checked one by one afterwards, so that a faulty one does not spoil the others. */
export const batchEnvelopeSchema = batchOf(z.unknown())

export const acceptedSchema = z
  .object({
    id: messageIdField,
    status: z.enum(['queued', 'scheduled']),
    lane: laneField,
    accepted_at: shownTimeField,
  })
  .meta({ id: 'Accepted', description: 'The message is stored and will be sent.' })
export type Accepted = z.infer<typeof acceptedSchema>

export const canceledSchema = z
  .object({ id: messageIdField, status: z.literal('canceled') })
  .meta({ id: 'Canceled' })
export type CanceledBody = z.infer<typeof canceledSchema>

export const failuresField = z
  .array(
    z.object({
      attempt: z.int(),
      provider: z.string().nullable(),
      kind: z.enum(['rejected', 'throttled', 'unavailable', 'indeterminate']),
      code: z.string(),
      detail: z.string(),
      at: z.string(),
    }),
  )
  .meta({ description: 'The newest failed submits, oldest first.' })

export const messageSchema = z
  .object({
    id: messageIdField,
    status: statusField,
    lane: laneField,
    phone: z.string().meta({ description: 'Masked when it was redacted.' }),
    message: z.string().nullable().meta({ description: 'Null when it was redacted.' }),
    message_redacted_at: shownTimeField.nullable(),
    phone_redacted_at: shownTimeField.nullable(),
    encoding: encodingField,
    segments: segmentsField,
    price: z
      .string()
      .nullable()
      .meta({
        description: 'What it was accepted for; null: it costs nothing.',
        examples: ['0.075'],
      }),
    customer_id: z.int(),
    sender_id: z.string().nullable(),
    provider: z.string().nullable().meta({ description: 'Who has it, or had it last.' }),
    provider_message_id: z.string().nullable(),
    attempts: z.int().meta({ description: 'How many times sending was begun.' }),
    failures: failuresField,
    accepted_at: shownTimeField,
    sent_at: shownTimeField.nullable(),
    final_at: shownTimeField.nullable(),
    expires_at: shownTimeField,
  })
  .meta({ id: 'Message', description: 'A message and what became of it.' })
export type MessageBody = z.infer<typeof messageSchema>

export const nextCursorField = z.string().nullable().meta({ description: 'Null on the last page.' })

export const messageListSchema = z
  .object({
    messages: z.array(messageSchema),
    next_cursor: nextCursorField,
  })
  .meta({ id: 'MessageList', description: 'Newest first.' })

export const listLimitDefault = 50
export const listLimitMax = 1_000

const limitRule = mustBe(`a whole number from 1 to ${listLimitMax}`)

/** A query parameter is text; its number is written without sign, fraction or leading zero. */
export const limitField = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, { error: limitRule })
  .refine((value) => Number(value) <= listLimitMax, { error: limitRule })
  .meta({
    description: `The most on a page; ${listLimitDefault} when not given.`,
    override: { type: 'integer', minimum: 1, maximum: listLimitMax, default: listLimitDefault },
  })

/** @param decode null for what is no cursor of this listing */
export function cursorField(decode: (cursor: string) => unknown) {
  return z
    .string()
    .refine((cursor) => decode(cursor) !== null, {
      error: mustBe('the next_cursor of a listing, unchanged'),
    })
    .meta({ description: 'The next_cursor of the page before.' })
}

export const listParametersSchema = z
  .strictObject({
    status: statusField.optional(),
    recipient: phoneField.optional(),
    phone: phoneField.optional().meta({ description: 'The same as recipient.' }),
    lane: laneField.optional(),
    provider: providerNameField.optional(),
    from: timeField.optional().meta({ description: 'Accepted at this time or later.' }),
    to: timeField.optional().meta({ description: 'Accepted before this time.' }),
    limit: limitField.optional(),
    cursor: cursorField(decodeCursor).optional(),
  })
  .refine(...spanRule)
export type ListParameters = z.infer<typeof listParametersSchema>
