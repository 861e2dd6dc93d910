/** Bodies about erasures. */
import { z } from 'zod'
import { customerIdField, mustBe, phoneField, shownTimeField } from './fields.ts'

export const newErasureSchema = z
  .strictObject(
    {
      phone: phoneField.meta({ description: 'Whose messages go, as an E.164 number.' }),
      customer_id: customerIdField.optional().meta({
        description: 'Only messages of this customer; those of all when it is not given by staff.',
      }),
    },
    { error: mustBe('a JSON object') },
  )
  .meta({ id: 'NewErasure', examples: [{ phone: '+491701234567' }] })

export const erasureSchema = z
  .object({
    id: z.uuidv7().meta({ examples: ['01997d2f-3b4c-7d5e-8f60-718293a4b5c6'] }),
    status: z.enum(['at_work', 'finished']),
    phone: z.string().meta({ description: 'Masked.' }),
    customer_id: z.int().nullable().meta({ description: 'Null: of all customers.' }),
    redacted: z.int().meta({ description: 'Messages whose text and number are gone.' }),
    canceled: z.int().meta({ description: 'Of those, the ones that were taken back for it.' }),
    pending: z.int().meta({ description: 'Messages that were not final at the last look.' }),
    requested_at: shownTimeField,
    finished_at: shownTimeField.nullable(),
  })
  .meta({ id: 'Erasure' })
export type ErasureBody = z.infer<typeof erasureSchema>
