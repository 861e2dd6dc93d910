/** Bodies and parameters about opt-outs. */
import { z } from 'zod'
import { customerIdText } from './customer-schemas.ts'
import { customerIdField, mustBe, phoneField, senderIdField, shownTimeField } from './fields.ts'
import { positionCursorField } from './inbound-schemas.ts'
import { limitField, nextCursorField } from './message-schemas.ts'

const bodyRule = { error: mustBe('a JSON object') }

const keyFields = {
  phone: phoneField,
  sender_id: senderIdField
    .nullish()
    .meta({ description: 'Null, or none: all senders of the customer.' }),
}
const customerField = customerIdField
  .optional()
  .meta({ description: "Whose it is. An API key of a customer is for that customer's alone." })

const example = { phone: '+491701234567', sender_id: '+4915000000' }

export const optOutKeySchema = z
  .strictObject({ ...keyFields, customer_id: customerField }, bodyRule)
  .meta({ id: 'OptOutKey', examples: [{ phone: '+491701234567' }, example] })

/** The most opt-outs in one import. */
export const importMax = 10_000

const importRule = mustBe(`an array of 1 to ${importMax} opt-outs`)

export const optOutItemSchema = z.strictObject(keyFields, bodyRule).meta({ id: 'OptOutItem' })

export const optOutImportSchema = z
  .strictObject(
    {
      opt_outs: z
        .array(optOutItemSchema, { error: importRule })
        .min(1, { error: importRule })
        .max(importMax, { error: importRule }),
      customer_id: customerField,
    },
    bodyRule,
  )
  .meta({ id: 'OptOutImport', examples: [{ opt_outs: [example, { phone: '+491701234568' }] }] })

export const addedSchema = z
  .object({ added: z.int().meta({ description: 'Those that were not there.' }) })
  .meta({ id: 'OptOutsAdded', examples: [{ added: 1 }] })

export const removedSchema = z
  .object({ removed: z.int().meta({ description: '0 when it was not there.' }) })
  .meta({ id: 'OptOutsRemoved', examples: [{ removed: 1 }] })

export const optOutSchema = z
  .object({
    customer_id: z.int(),
    phone: z.string(),
    sender_id: z.string().nullable().meta({ description: 'Null: all senders of the customer.' }),
    source: z.enum(['inbound', 'api', 'import']),
    since: shownTimeField,
  })
  .meta({ id: 'OptOut', description: 'Somebody who wants no messages.' })
export type OptOutBody = z.infer<typeof optOutSchema>

export const optOutListSchema = z
  .object({ opt_outs: z.array(optOutSchema), next_cursor: nextCursorField })
  .meta({ id: 'OptOutList', description: 'In the order in which they came.' })

const ofCustomer = customerIdText.optional().meta({ description: 'Of this customer.' })

export const optOutParametersSchema = z.strictObject({
  phone: phoneField.optional(),
  customer_id: ofCustomer,
  limit: limitField.optional(),
  cursor: positionCursorField.optional(),
})

export const exportFormats = ['ndjson', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const exportParametersSchema = z.strictObject({
  customer_id: ofCustomer,
  format: z
    .enum(exportFormats, { error: mustBe(`one of ${exportFormats.join(', ')}`) })
    .optional()
    .meta({ description: 'One JSON object a line, unless csv is asked for.' }),
})
