/** What may be set for a customer about recipients and sender ids. */
import { z } from 'zod'
import { isPlace, numberValidities, placesMax } from '../domain/number-rules.ts'
import { isRegion, lineTypes, regionsMax } from '../domain/numbering-plan.ts'
import { senderIdsMax, sendersNotAllowed } from '../domain/sender-choice.ts'
import { mustBe, senderIdField } from './fields.ts'

const regionWords = 'a country in two letters, such as DE'
const placeWords = 'a country in two letters, such as DE, or how numbers begin, such as +4917'

const placesRule = mustBe(`an array of at most ${placesMax} countries and beginnings of numbers`)

const placesField = z
  .array(z.string({ error: mustBe(placeWords) }).refine(isPlace, { error: mustBe(placeWords) }), {
    error: placesRule,
  })
  .max(placesMax, { error: placesRule })

const lineTypesRule = mustBe(`an array of line types: ${lineTypes.join(', ')}`)

export const numbersField = z
  .strictObject(
    {
      region: z
        .string({ error: mustBe(regionWords) })
        .refine(isRegion, { error: mustBe(regionWords) })
        .optional()
        .meta({ description: 'Where numbers without a country code are dialled.' }),
      validity: z
        .enum(numberValidities, { error: mustBe(`one of ${numberValidities.join(', ')}`) })
        .optional()
        .meta({
          description:
            'off: every E.164 number is taken; possible: one with a country code that there is, and as long as it may be; valid: one in a range that is given out.',
        }),
      allow: placesField.optional().meta({ description: 'When it is given, none else is taken.' }),
      deny: placesField.optional().meta({ description: 'Refused, also when it is allowed.' }),
      line_types_denied: z
        .array(z.enum(lineTypes, { error: mustBe(`one of ${lineTypes.join(', ')}`) }), {
          error: lineTypesRule,
        })
        .max(lineTypes.length, { error: lineTypesRule })
        .optional()
        .meta({ description: 'Refused where the type can be told from the number.' }),
    },
    { error: mustBe('an object with region, validity, allow, deny or line_types_denied') },
  )
  .meta({
    description:
      'Which recipients are taken. region, validity and allow stand instead of those of the installation; what is denied is denied beside what it denies.',
    examples: [{ region: 'DE', validity: 'valid', allow: ['DE', '+4366'], deny: ['+49190'] }],
  })

const allowedRule = mustBe(`an array of 1 to ${senderIdsMax} sender ids`)
const perCountryRule = mustBe('an object of sender ids by country')

export const sendersField = z
  .strictObject(
    {
      allowed: z
        .array(senderIdField, { error: allowedRule })
        .min(1, { error: allowedRule })
        .max(senderIdsMax, { error: allowedRule })
        .optional()
        .meta({ description: 'When it is given, a message may name none else.' }),
      default: senderIdField.optional().meta({ description: 'Of messages that name none.' }),
      per_country: z
        .record(z.string().refine(isRegion), senderIdField, {
          error: (issue) =>
            issue.code === 'invalid_key'
              ? `must be named as ${regionWords}`
              : perCountryRule(issue),
        })
        .refine((given) => Object.keys(given).length <= regionsMax, { error: perCountryRule })
        .optional()
        .meta({ description: "The same, by the recipient's country; before default." }),
    },
    { error: mustBe('an object with allowed, default or per_country') },
  )
  .superRefine(
    (senders, context) => {
      for (const path of sendersNotAllowed(senders)) {
        context.addIssue({ code: 'custom', path: [...path], message: 'must be one of allowed' })
      }
    },
    // Also when other things are at fault, so that every fault is told at once.
    { when: ({ value }) => isComparable(value) },
  )
  .meta({
    description: 'Which sender ids messages go out with.',
    examples: [{ allowed: ['Acme', '12345'], default: 'Acme', per_country: { US: '12345' } }],
  })

/** Whether its sender ids can be compared, whatever they are. */
function isComparable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { allowed, per_country = {} } = value as { allowed?: unknown; per_country?: unknown }
  return Array.isArray(allowed) && typeof per_country === 'object' && per_country !== null
}
