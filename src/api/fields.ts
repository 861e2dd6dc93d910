/** The fields that several bodies share, and the words for their faults. */
import { z } from 'zod'
import { type Lane, lanes, textLengthMax } from '../domain/message.ts'
import { messageStates } from '../domain/message-state.ts'
import { phoneNumberPattern, writtenNumberPattern } from '../domain/phone-number.ts'
import { senderIdPattern } from '../domain/sender-id.ts'
import { isStorableText } from '../domain/storable-text.ts'

type FaultWords = (issue: { readonly input: unknown }) => string

/** The detail of a fault: that the field is missing, or what it must be. */
export function mustBe(rule: string): FaultWords {
  return (issue) => (issue.input === undefined ? 'is required' : `must be ${rule}`)
}

/** Names of configured providers; see `ProviderSettings.name`. */
export const providerNamePattern = /^[a-z0-9_-]{1,32}$/

export const phoneWords = 'an E.164 number: a plus sign and 7 to 15 digits, the first of them not 0'
const phoneRule = mustBe(phoneWords)

export const phoneField = z
  .string({ error: phoneRule })
  .regex(phoneNumberPattern, { error: phoneRule })
  .meta({ description: 'The recipient, as an E.164 number.', examples: ['+491701234567'] })

/** A recipient as a request may write it; what is made of it is the affair of `address-of-submit.ts`. */
export const recipientField = z
  .string({ error: phoneRule })
  .regex(writtenNumberPattern, { error: phoneRule })
  .meta({
    description:
      'The recipient, as an E.164 number. Where a region is set, for the customer or for all, also as it is dialled there, with spaces, dashes, dots, slashes and brackets; it is kept as E.164.',
    examples: ['+491701234567'],
  })

const textLengthRule = `must have 1 to ${textLengthMax} characters (UTF-16 code units)`

export const textField = z
  .string({ error: mustBe('a string') })
  .min(1, { error: textLengthRule })
  .max(textLengthMax, { error: textLengthRule })
  .refine(isStorableText, { error: 'must hold neither NUL nor half a surrogate pair' })
  .meta({ description: 'The text.', examples: ['Your code is 123456'] })

/** Text that somebody gives and somebody else is shown, in a terminal too. */
export function shownText(lengthMax: number) {
  const rule = mustBe(`a string of 1 to ${lengthMax} characters, none of them a control character`)
  return z
    .string({ error: rule })
    .min(1, { error: rule })
    .max(lengthMax, { error: rule })
    .refine((text) => !/\p{Cc}/u.test(text), { error: rule })
    .refine(isStorableText, { error: rule })
}

const customerIdRule = mustBe('a whole number from 1 to 9007199254740991')

export const customerIdField = z
  .number({ error: customerIdRule })
  .int({ error: customerIdRule })
  .min(1, { error: customerIdRule })
  .max(Number.MAX_SAFE_INTEGER, { error: customerIdRule })
  .meta({ description: 'Whose message this is.', examples: [1] })

const senderIdRule = mustBe(
  'an E.164 number, a short code of 3 to 8 digits, or 1 to 11 of A-Z a-z 0-9 space _ - with a letter',
)

export const senderIdField = z
  .string({ error: senderIdRule })
  .regex(senderIdPattern, { error: senderIdRule })
  .meta({ description: 'Who the message appears to come from.', examples: ['Acme'] })

export const laneField = z.enum(lanes, { error: mustBe(`one of ${lanes.join(', ')}`) }).meta({
  description: 'Express never waits behind normal.',
  examples: ['express' satisfies Lane],
})

export const statusField = z
  .enum(messageStates, { error: mustBe(`one of ${messageStates.join(', ')}`) })
  .meta({ description: 'Where the message is in its life.', examples: ['delivered'] })

export const providerNameField = z
  .string()
  .regex(providerNamePattern, { error: mustBe("a provider's name: 1 to 32 of a-z 0-9 _ -") })
  .meta({ description: 'A configured provider.', examples: ['primary'] })

export const messageIdField = z
  .uuidv7()
  .meta({ description: 'A UUIDv7.', examples: ['01997d2f-3b4c-7d5e-8f60-718293a4b5c6'] })

const timeRule = mustBe('a time of RFC 3339, such as 2026-01-31T12:00:00Z')

/** A time in a request: RFC 3339 §5.6, any offset, at any precision. */
export const timeField = z.iso
  .datetime({ offset: true, error: timeRule })
  .meta({ examples: ['2026-01-31T12:00:00Z'], override: plainTime })

interface TimeSpan {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** For a schema with `from` and `to`: a span that ends before it begins holds nothing, and nobody means it. */
export const spanRule: [
  (span: TimeSpan) => boolean,
  { path: string[]; error: string; when: () => boolean },
] = [
  // What is no time is a fault of its own.
  (span) => typeof span !== 'object' || !(Date.parse(`${span?.to}`) < Date.parse(`${span?.from}`)),
  // Also when other things are at fault, so that every fault is told at once.
  { path: ['to'], error: 'must not be before from', when: () => true },
]

/** A time in an answer: RFC 3339, UTC, milliseconds. */
export const shownTimeField = z.iso
  .datetime()
  .meta({ examples: ['2026-01-31T12:00:00.000Z'], override: plainTime })

/** The exact pattern of a time is a page long and says no more than the format does. */
function plainTime({ jsonSchema }: { jsonSchema: { pattern?: string } }): void {
  delete jsonSchema.pattern
}
