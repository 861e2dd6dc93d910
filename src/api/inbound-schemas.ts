/** Bodies and parameters about what people send to our numbers: as providers bring it, and as customers read it. */
import { z } from 'zod'
import { inboundActions, inboundTextLengthMax, partsMax } from '../domain/inbound-message.ts'
import { foldWord, isKeyword, wordLengthMax } from '../domain/inbound-words.ts'
import { senderIdPattern } from '../domain/sender-id.ts'
import { isStorableText } from '../domain/storable-text.ts'
import { parseUserDataHeader } from '../domain/user-data-header.ts'
import { decodeCursor } from './cursor.ts'
import { customerIdOf, customerIdText } from './customer-schemas.ts'
import {
  customerIdField,
  messageIdField,
  mustBe,
  phoneField,
  shownTimeField,
  spanRule,
  timeField,
} from './fields.ts'
import { cursorField, limitField, nextCursorField } from './message-schemas.ts'
import { boundedText, providerMessageIdLengthMax } from './report-schemas.ts'

/** The most messages in one request. */
export const inboundPerRequestMax = 1_000

const numberRule = mustBe('an E.164 number with its plus sign, or a short code of 3 to 8 digits')

export const numberField = z
  .string({ error: numberRule })
  .regex(/^(?:\+[1-9]\d{6,14}|\d{3,8})$/, { error: numberRule })
  .meta({ description: 'Our number, or short code.', examples: ['+4915000000'] })

const fromRule = mustBe('an E.164 number with its plus sign, a short code, or a name of networks')
const textRule = mustBe(
  `a string of at most ${inboundTextLengthMax} characters, without NUL and half surrogate pairs`,
)

const whole = (min: number, max: number) => {
  const rule = mustBe(`a whole number from ${min} to ${max}`)
  return z
    .number({ error: rule })
    .int({ error: rule })
    .min(min, { error: rule })
    .max(max, { error: rule })
}

export const partSchema = z
  .object(
    { reference: whole(0, 65_535), total: whole(1, partsMax), number: whole(1, partsMax) },
    { error: mustBe('an object with reference, total and number') },
  )
  .refine(({ total, number }) => number <= total, {
    path: ['number'],
    error: 'must not be above total',
  })
  .meta({
    id: 'MessagePart',
    description: 'Which part of a long message it is: parts with one reference belong together.',
  })

const inboundExample = {
  message_id: 'a1b2c3',
  from: '+491701234567',
  to: '+4915000000',
  text: 'STOP',
  received_at: '2026-01-31T12:00:00Z',
}

/** Not strict about further fields, which providers add without asking, nor about null for nothing. */
export const inboundItemSchema = z
  .object(
    {
      message_id: boundedText(1, providerMessageIdLengthMax).nullish().meta({
        description: "The provider's id: with one that came before it is the same again.",
      }),
      from: z.string({ error: fromRule }).regex(senderIdPattern, { error: fromRule }).meta({
        description: 'Who sent it.',
      }),
      to: numberField,
      text: z
        .string({ error: textRule })
        .max(inboundTextLengthMax, { error: textRule })
        .refine(isStorableText, { error: textRule }),
      received_at: timeField.nullish().meta({ description: 'By the clock of the provider.' }),
      part: partSchema.nullish(),
      udh: z
        .string({ error: mustBe('a string in hexadecimal') })
        .superRefine((hex, context) => {
          const parsed = parseUserDataHeader(hex)
          if ('fault' in parsed) context.addIssue({ code: 'custom', message: parsed.fault })
        })
        .nullish()
        .meta({ description: 'Instead of part: the user data header, in hexadecimal.' }),
    },
    { error: mustBe('a JSON object') },
  )
  .refine(({ part, udh }) => (part ?? null) === null || (udh ?? null) === null, {
    path: ['udh'],
    error: 'must not be given beside part',
    // Also when other things are at fault, so that every fault is told at once.
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({
    id: 'InboundItem',
    description: 'A message that somebody has sent to one of our numbers, or a part of one.',
    examples: [
      inboundExample,
      { ...inboundExample, part: { reference: 7, total: 2, number: 1 } },
      { ...inboundExample, udh: '050003070201' },
    ],
  })
export type InboundItemBody = z.infer<typeof inboundItemSchema>

const itemsRule = mustBe(`a message, or an array of 1 to ${inboundPerRequestMax} messages`)

export const inboundItemsSchema = z
  .array(inboundItemSchema, { error: itemsRule })
  .min(1, { error: itemsRule })
  .max(inboundPerRequestMax, { error: itemsRule })

/** As documented: one or several. */
export const inboundBodySchema = z
  .union([inboundItemSchema, inboundItemsSchema])
  .meta({ id: 'InboundItems', examples: [inboundExample, [inboundExample]] })

export const inboundStoredSchema = z
  .object({ stored: z.int().meta({ description: 'All of the request; those too that repeat.' }) })
  .meta({ id: 'InboundStored', examples: [{ stored: 1 }] })

const actionField = z
  .enum(inboundActions, { error: mustBe(`one of ${inboundActions.join(', ')}`) })
  .meta({ description: 'What its text asks for.' })

export const inboundMessageSchema = z
  .object({
    id: messageIdField,
    provider: z.string(),
    provider_message_id: z.string().nullable(),
    from: z.string().meta({ description: 'Who sent it.' }),
    to: z.string().meta({ description: 'The number that it was sent to.' }),
    message: z.string(),
    customer_id: z.int().nullable().meta({ description: 'Null: no route takes it.' }),
    keyword: z.string().nullable().meta({ description: 'Its first word, in lower case.' }),
    action: actionField.nullable(),
    parts: z.int(),
    complete: z.boolean().meta({ description: 'Whether every part came in time.' }),
    missing_parts: z.array(z.int()),
    received_at: shownTimeField.meta({ description: 'By the provider, when it told.' }),
    stored_at: shownTimeField,
  })
  .meta({ id: 'InboundMessage', description: 'What somebody has sent to one of our numbers.' })
export type InboundMessageBody = z.infer<typeof inboundMessageSchema>

export const inboundListSchema = z
  .object({ inbound_messages: z.array(inboundMessageSchema), next_cursor: nextCursorField })
  .meta({ id: 'InboundMessageList', description: 'Newest first.' })

const keywordRule = mustBe(`one word of at most ${wordLengthMax} characters`)

export const keywordField = z
  .string({ error: keywordRule })
  .refine(isKeyword, { error: keywordRule })
  .overwrite(foldWord)
  .meta({ description: 'The first word, in any case.', examples: ['shop'] })

const booleans = ['true', 'false'] as const

export const inboundParametersSchema = z
  .strictObject({
    phone: phoneField.optional().meta({ description: 'Sent from this number.' }),
    number: numberField.optional().meta({ description: 'Sent to this number of ours.' }),
    keyword: keywordField.optional(),
    action: actionField.optional(),
    customer_id: customerIdText.optional().meta({ description: 'Of this customer.' }),
    unrouted: z
      .enum(booleans, { error: mustBe('true or false') })
      .optional()
      .meta({
        description: 'Only those that no route takes. For staff.',
        override: ({ jsonSchema }: { jsonSchema: { enum?: unknown } }) => {
          delete jsonSchema.enum
          Object.assign(jsonSchema, { type: 'boolean', default: false })
        },
      }),
    from: timeField.optional().meta({ description: 'Stored at this time or later.' }),
    to: timeField.optional().meta({ description: 'Stored before this time.' }),
    limit: limitField.optional(),
    cursor: cursorField(decodeCursor).optional(),
  })
  .refine(...spanRule)

export const newRouteSchema = z
  .strictObject(
    {
      number: numberField,
      keyword: keywordField
        .nullish()
        .meta({ description: 'Null: for all that no other route of the number takes.' }),
      customer_id: customerIdField,
    },
    { error: mustBe('a JSON object') },
  )
  .meta({
    id: 'NewInboundRoute',
    examples: [
      { number: '+4915000000', customer_id: 42 },
      { number: '12345', keyword: 'shop', customer_id: 42 },
    ],
  })

export const inboundRouteSchema = z
  .object({
    id: z.int(),
    number: z.string(),
    keyword: z.string().nullable(),
    customer_id: z.int(),
    created_at: shownTimeField,
  })
  .meta({ id: 'InboundRoute' })
export type InboundRouteBody = z.infer<typeof inboundRouteSchema>

export const inboundRouteListSchema = z
  .object({ inbound_routes: z.array(inboundRouteSchema), next_cursor: nextCursorField })
  .meta({ id: 'InboundRouteList', description: 'In the order in which they were made.' })

/** A listing goes on after the number of the last row. */
export const positionCursorField = cursorField(customerIdOf)

export const routeParametersSchema = z.strictObject({
  limit: limitField.optional(),
  cursor: positionCursorField.optional(),
})
