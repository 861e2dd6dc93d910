/** Bodies and parameters about customers and their API keys. */
import { z } from 'zod'
import { keyPrefixPattern, scopes } from '../domain/api-key.ts'
import { customerSettingsChangeSchema, customerSettingsSchema } from './customer-settings-schema.ts'
import { customerIdField, mustBe, shownText, shownTimeField, timeField } from './fields.ts'
import { cursorField, limitField, nextCursorField } from './message-schemas.ts'

const bodyRule = { error: mustBe('a JSON object') }

export const customerNameLengthMax = 120
export const customerNameField = shownText(customerNameLengthMax).meta({
  description: 'For people.',
  examples: ['Acme'],
})

export const newCustomerSchema = z
  .strictObject(
    {
      name: customerNameField,
      id: customerIdField
        .optional()
        .meta({ description: 'The next free one when it is not given.' }),
    },
    bodyRule,
  )
  .meta({ id: 'NewCustomer', examples: [{ name: 'Acme' }, { name: 'Acme', id: 42 }] })

export const customerChangeSchema = z
  .strictObject(
    { name: customerNameField.optional(), settings: customerSettingsChangeSchema.optional() },
    bodyRule,
  )
  .meta({
    id: 'CustomerChange',
    examples: [
      {
        settings: { quiet_hours: { from: '22:00', to: '08:00', time_zone: 'Europe/Berlin' } },
      },
    ],
  })

export const customerSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    created_at: shownTimeField,
    disabled_at: shownTimeField.nullable().meta({ description: 'Null: its keys are taken.' }),
    settings: customerSettingsSchema,
  })
  .meta({ id: 'Customer' })
export type CustomerBody = z.infer<typeof customerSchema>

export const customerListSchema = z
  .object({ customers: z.array(customerSchema), next_cursor: nextCursorField })
  .meta({ id: 'CustomerList', description: 'By id.' })

const customerIdPattern = /^[1-9]\d{0,15}$/

/** A customer's id from text; null for what is none. */
export function customerIdOf(text: string): number | null {
  const id = Number(text)
  return customerIdPattern.test(text) && Number.isSafeInteger(id) ? id : null
}

export const customerParametersSchema = z.strictObject({
  limit: limitField.optional(),
  cursor: cursorField(customerIdOf).optional(),
})

/** In a query. */
export const customerIdText = z
  .string()
  .refine((text) => customerIdOf(text) !== null, { error: mustBe('a customer id') })
  .meta({ override: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } })

const scopesRule = mustBe(`an array of scopes, each once: ${scopes.join(', ')}`)

export const scopesField = z
  .array(z.enum(scopes, { error: mustBe(`one of ${scopes.join(', ')}`) }), { error: scopesRule })
  .min(1, { error: scopesRule })
  .max(scopes.length, { error: scopesRule })
  .refine((given) => new Set(given).size === given.length, { error: scopesRule })
  .meta({ description: 'What it may be used for: admin is for staff alone.' })

export const scopesDefault = ['send', 'read'] as const

export const keyNoteLengthMax = 200
export const keyNoteField = shownText(keyNoteLengthMax).meta({
  description: 'What it is for.',
  examples: ['the shop'],
})

const customerRule = mustBe("a customer's id, or null for a key of staff")

/** A customer's key that could administer would reach the others. */
export const adminIsStaffs = {
  holds: ({ customer_id, scopes: given }: { customer_id?: unknown; scopes?: unknown }) =>
    typeof customer_id !== 'number' || !Array.isArray(given) || !given.includes('admin'),
  sentence: "must not have admin: a customer's key cannot administer",
}

export const newKeySchema = z
  .strictObject(
    {
      customer_id: z.union([customerIdField, z.null()], { error: customerRule }),
      scopes: scopesField.optional(),
      note: keyNoteField.optional(),
      expires_at: timeField.optional().meta({ description: 'Refused from then on.' }),
    },
    bodyRule,
  )
  .refine((body) => adminIsStaffs.holds(body), {
    path: ['scopes'],
    error: adminIsStaffs.sentence,
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({
    id: 'NewApiKey',
    examples: [
      { customer_id: 42, note: 'the shop' },
      { customer_id: null, scopes: ['admin'], expires_at: '2026-12-31T00:00:00Z' },
    ],
  })

const keyFields = {
  prefix: z
    .string()
    .regex(keyPrefixPattern)
    .meta({ examples: ['sgw_0a1b2c3d4e5f'] }),
  customer_id: z.int().nullable().meta({ description: 'Null: of staff, for all customers.' }),
  scopes: z.array(z.enum(scopes)),
  note: z.string().nullable(),
  created_at: shownTimeField,
  expires_at: shownTimeField.nullable(),
  revoked_at: shownTimeField.nullable(),
  last_used_at: shownTimeField.nullable().meta({
    description: 'To the minute. Null: it was not used, or not since this is known.',
  }),
}

export const keySchema = z.object(keyFields).meta({ id: 'ApiKey' })
export type KeyBody = z.infer<typeof keySchema>

export const issuedKeySchema = z
  .object({
    key: z
      .string()
      .meta({ description: 'The key itself. It is shown this once, and kept nowhere.' }),
    ...keyFields,
  })
  .meta({ id: 'IssuedApiKey' })
export type IssuedKeyBody = z.infer<typeof issuedKeySchema>

export const keyListSchema = z
  .object({ keys: z.array(keySchema), next_cursor: nextCursorField })
  .meta({ id: 'ApiKeyList', description: 'By prefix.' })

export const keyParametersSchema = z.strictObject({
  customer_id: customerIdText.optional().meta({ description: 'Of this customer.' }),
  limit: limitField.optional(),
  cursor: cursorField((cursor) => (keyPrefixPattern.test(cursor) ? cursor : null)).optional(),
})

/** How long a key that is rotated may go on beside its successor. */
export const overlapSecondsMax = 30 * 86_400
export const overlapSecondsDefault = 86_400

const overlapRule = mustBe(`a whole number of seconds from 0 to ${overlapSecondsMax}`)

export const rotationSchema = z
  .strictObject(
    {
      overlap_s: z
        .number({ error: overlapRule })
        .int({ error: overlapRule })
        .min(0, { error: overlapRule })
        .max(overlapSecondsMax, { error: overlapRule })
        .optional()
        .meta({
          description: `How long the old key goes on; ${overlapSecondsDefault} when not given.`,
        }),
    },
    bodyRule,
  )
  .meta({ id: 'ApiKeyRotation', examples: [{ overlap_s: 3_600 }] })
