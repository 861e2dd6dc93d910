/** Bodies about providers and the modes they are in. */
import { z } from 'zod'
import { providerModes, providerNoteLengthMax, providerWeightMax } from '../domain/provider-mode.ts'
import { mustBe, providerNameField, shownText, shownTimeField } from './fields.ts'

/** Also what the command line takes as a note. */
export const noteField = shownText(providerNoteLengthMax).meta({
  description: 'Why; shown until the next order.',
  examples: ['maintenance until 14:00'],
})

export const providerOrderSchema = z
  .strictObject({ note: noteField.optional() }, { error: mustBe('a JSON object') })
  .meta({ id: 'ProviderOrder', examples: [{ note: 'maintenance until 14:00' }] })

const weightRule = mustBe('a whole number from 0 to 10000, or null')

/** Also what the command line takes. */
export const weightField = z
  .number({ error: weightRule })
  .int({ error: weightRule })
  .min(0, { error: weightRule })
  .max(providerWeightMax, { error: weightRule })

export const providerWeightSchema = z
  .strictObject(
    { weight: weightField.nullable().meta({ description: 'Null: the configured one again.' }) },
    { error: mustBe('a JSON object') },
  )
  .meta({ id: 'ProviderWeight', examples: [{ weight: 20 }] })

export const providerSchema = z
  .object({
    name: providerNameField,
    weight: z.int().meta({ description: 'Its share, relative to the others; 0 takes none.' }),
    weight_configured: z
      .int()
      .meta({ description: 'The weight it has unless it is given another.' }),
    mode: z.enum(providerModes).meta({
      description:
        'draining: no new messages, but those in doubt there may be asked there; disabled: nothing goes there.',
    }),
    note: z.string().nullable(),
    changed_at: shownTimeField.nullable().meta({ description: 'Null when it never was.' }),
  })
  .meta({ id: 'Provider', description: 'A configured provider and the mode it is in.' })
export type ProviderBody = z.infer<typeof providerSchema>

export const providerListSchema = z
  .object({ providers: z.array(providerSchema) })
  .meta({ id: 'ProviderList', description: 'In the order of the configuration.' })
