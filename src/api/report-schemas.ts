/** Bodies about delivery reports: those providers bring, and those customers read. */
import { z } from 'zod'
import { reportedStates } from '../domain/message-state.ts'
import { isStorableText } from '../domain/storable-text.ts'
import { mustBe, shownTimeField, timeField } from './fields.ts'

/** Longest id a provider may give a message. */
export const providerMessageIdLengthMax = 256
export const errorCodeLengthMax = 64

/** The most reports in one request. */
export const reportsPerRequestMax = 1_000

const reportStatuses = [...reportedStates, 'accepted'] as const

export const boundedText = (lengthMin: number, lengthMax: number) => {
  const rule = mustBe(`a string of ${lengthMin} to ${lengthMax} characters, without NUL`)
  return z
    .string({ error: rule })
    .min(lengthMin, { error: rule })
    .max(lengthMax, { error: rule })
    .refine(isStorableText, { error: rule })
}

const reportExample = {
  message_id: 'a1b2c3',
  status: 'delivered',
  occurred_at: '2026-01-31T12:00:00Z',
}

/** Not strict about further fields, which providers add without asking, nor about null for nothing. */
export const providerReportSchema = z
  .object(
    {
      message_id: boundedText(1, providerMessageIdLengthMax).meta({
        description: "The provider's id for the message, as it answered the submit.",
      }),
      status: z.enum(reportStatuses, { error: mustBe(`one of ${reportStatuses.join(', ')}`) }),
      error_code: boundedText(0, errorCodeLengthMax).nullish(),
      occurred_at: timeField.nullish().meta({ description: 'By the clock of the provider.' }),
    },
    { error: mustBe('a JSON object') },
  )
  .meta({
    id: 'ProviderReport',
    description: 'What a provider knows of a message.',
    examples: [
      reportExample,
      { ...reportExample, status: 'undelivered', error_code: 'absent_subscriber' },
    ],
  })
export type ProviderReportBody = z.infer<typeof providerReportSchema>

const reportsRule = mustBe(`a report, or an array of 1 to ${reportsPerRequestMax} reports`)

export const providerReportsSchema = z
  .array(providerReportSchema, { error: reportsRule })
  .min(1, { error: reportsRule })
  .max(reportsPerRequestMax, { error: reportsRule })

/** As documented: one report or several. */
export const providerReportsBodySchema = z
  .union([providerReportSchema, providerReportsSchema])
  .meta({ id: 'ProviderReports', examples: [reportExample, [reportExample]] })

export const reportsStoredSchema = z
  .object({ stored: z.int().meta({ description: 'Reports stored, all of the request.' }) })
  .meta({ id: 'ReportsStored', examples: [{ stored: 1 }] })

export const deliveryReportsSchema = z
  .object({
    delivery_reports: z.array(
      z.object({
        status: z.string(),
        provider: z.string().nullable(),
        provider_message_id: z.string().nullable(),
        error_code: z.string().nullable(),
        detail: z.string().nullable(),
        occurred_at: shownTimeField,
        received_at: shownTimeField,
      }),
    ),
  })
  .meta({ id: 'DeliveryReports', description: 'Everything known of a message, oldest first.' })
export type DeliveryReportsBody = z.infer<typeof deliveryReportsSchema>
