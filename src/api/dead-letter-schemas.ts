/** Bodies and parameters about dead letters. Recipients and texts are not in them: those are the message's own. */
import { z } from 'zod'
import type { DeadLetterFilter } from '../store/dead-letters.ts'
import { decodeDeadLetterCursor } from './cursor.ts'
import {
  laneField,
  messageIdField,
  mustBe,
  providerNameField,
  shownTimeField,
  spanRule,
  statusField,
  timeField,
} from './fields.ts'
import { cursorField, failuresField, limitField, nextCursorField } from './message-schemas.ts'
import { boundedText, errorCodeLengthMax } from './report-schemas.ts'

const filterFields = {
  lane: laneField.optional(),
  provider: providerNameField.optional().meta({ description: 'Of the last attempt.' }),
  error_code: boundedText(1, errorCodeLengthMax)
    .optional()
    .meta({ description: 'Of the last attempt.', examples: ['connection_refused'] }),
  from: timeField.optional().meta({ description: 'Died at this time or later.' }),
  to: timeField.optional().meta({ description: 'Died before this time.' }),
}

export const deadLetterFilterSchema = z
  .strictObject(filterFields, { error: mustBe('a JSON object') })
  .refine(...spanRule)
  .meta({
    id: 'DeadLetterFilter',
    description: 'All that are given must hold; an empty one takes every letter that waits.',
    examples: [{ error_code: 'connection_refused', to: '2026-01-31T12:00:00Z' }, {}],
  })

const booleans = ['true', 'false'] as const

export const deadLetterParametersSchema = z
  .strictObject({
    ...filterFields,
    replayed: z
      .enum(booleans, { error: mustBe('true or false') })
      .optional()
      .meta({
        description: 'Whether those replayed already are listed too.',
        override: ({ jsonSchema }: { jsonSchema: { enum?: unknown } }) => {
          delete jsonSchema.enum
          Object.assign(jsonSchema, { type: 'boolean', default: false })
        },
      }),
    limit: limitField.optional(),
    cursor: cursorField(decodeDeadLetterCursor).optional(),
  })
  .refine(...spanRule)

/** The most dead letters that one request replays or purges. */
export const deadLettersPerRequestMax = 1_000

const idsRule = mustBe(`an array of 1 to ${deadLettersPerRequestMax} message ids`)
const choiceRule = 'must have either ids or filter'

export const deadLetterSelectionSchema = z
  .strictObject(
    {
      ids: z
        .array(z.uuidv7({ error: mustBe('a message id') }), { error: idsRule })
        .min(1, { error: idsRule })
        .max(deadLettersPerRequestMax, { error: idsRule })
        .optional(),
      filter: deadLetterFilterSchema.optional(),
    },
    { error: mustBe('a JSON object') },
  )
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    error: choiceRule,
    // Also when other things are at fault, so that every fault is told at once.
    when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
  })
  .meta({
    id: 'DeadLetterSelection',
    description: `Dead letters by their message ids, or by a filter: of those it takes the newest ${deadLettersPerRequestMax} that wait.`,
    examples: [
      { ids: ['01997d2f-3b4c-7d5e-8f60-718293a4b5c6'] },
      { filter: { provider: 'primary', to: '2026-01-31T12:00:00Z' } },
    ],
  })

const letterFields = {
  message_id: messageIdField,
  lane: laneField,
  attempts: z.int().meta({ description: 'How many times sending was begun.' }),
  provider: z.string().nullable().meta({ description: 'Of the last attempt.' }),
  error_code: z.string().meta({ description: 'Of the last attempt.' }),
  detail: z.string(),
  dead_at: shownTimeField,
  replayed_at: shownTimeField.nullable().meta({ description: 'Null while it waits.' }),
}

export const deadLetterListSchema = z
  .object({ dead_letters: z.array(z.object(letterFields)), next_cursor: nextCursorField })
  .meta({ id: 'DeadLetterList', description: 'The newest first.' })
export type DeadLetterListBody = z.infer<typeof deadLetterListSchema>

export const deadLetterSchema = z
  .object({
    ...letterFields,
    status: statusField.meta({ description: 'Of the message.' }),
    failures: failuresField,
  })
  .meta({ id: 'DeadLetter', description: 'A message that never left, and why.' })
export type DeadLetterBody = z.infer<typeof deadLetterSchema>

const moreField = z
  .boolean()
  .meta({ description: 'Whether the filter takes more than one request does: send it again.' })

export const replayedSchema = z
  .object({
    replayed: z.array(messageIdField).meta({ description: 'Those that waited.' }),
    more: moreField,
  })
  .meta({ id: 'DeadLettersReplayed' })

export const purgedSchema = z
  .object({
    purged: z.array(messageIdField).meta({ description: 'Those that waited.' }),
    more: moreField,
  })
  .meta({ id: 'DeadLettersPurged' })

export function toDeadLetterFilter(given: z.infer<typeof deadLetterFilterSchema>) {
  const { lane, provider, error_code, from, to } = given
  return {
    ...(lane === undefined ? {} : { lane }),
    ...(provider === undefined ? {} : { provider }),
    ...(error_code === undefined ? {} : { errorCode: error_code }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  } satisfies DeadLetterFilter
}
