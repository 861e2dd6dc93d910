/** What may be set for a customer. One field a section; each is given whole. */
import { z } from 'zod'
import type { CustomerSettings } from '../domain/customer-settings.ts'
import { isTimeZone, timeOfDayPattern } from '../domain/quiet-hours.ts'
import { redactDaysMax } from '../domain/redaction.ts'
import { numbersField, sendersField } from './address-settings-schema.ts'
import { mustBe } from './fields.ts'
import { limitsField, pumpingGuardField } from './limit-schemas.ts'
import { optOutWordsField } from './opt-out-words-schema.ts'
import { routingField } from './routing-settings-schema.ts'

const timeOfDayField = z
  .string({ error: mustBe('a time of the day, HH:MM') })
  .regex(timeOfDayPattern, {
    error: mustBe('a time of the day, HH:MM'),
  })

const timeZoneRule = mustBe('a time zone of the IANA database, such as Europe/Berlin')

const quietHoursField = z
  .strictObject(
    {
      from: timeOfDayField,
      to: timeOfDayField.meta({ description: 'Before from it is of the next day.' }),
      time_zone: z
        .string({ error: timeZoneRule })
        .max(64, { error: timeZoneRule })
        .refine(isTimeZone, { error: timeZoneRule }),
    },
    { error: mustBe('an object with from, to and time_zone') },
  )
  .meta({
    description:
      'Times of the day at which normal messages wait for the end of them; express ones do not.',
    examples: [{ from: '22:00', to: '08:00', time_zone: 'Europe/Berlin' }],
  })

const daysRule = mustBe(`a whole number of days from 0 to ${redactDaysMax}`)

const redactDaysField = (what: string) =>
  z
    .number({ error: daysRule })
    .int({ error: daysRule })
    .min(0, { error: daysRule })
    .max(redactDaysMax, { error: daysRule })
    .optional()
    .meta({
      description: `Days from the acceptance of a message, and not before it is final, after which ${what}; 0 is as soon as it is final, missing is never.`,
    })

const privacyRule = 'must have redact_message_after_days, or redact_phone_after_days, or both'

const privacyField = z
  .strictObject(
    {
      redact_message_after_days: redactDaysField('its text is removed'),
      redact_phone_after_days: redactDaysField('its number is masked'),
    },
    { error: mustBe('an object with redact_message_after_days and redact_phone_after_days') },
  )
  .refine((given) => Object.values(given).some((days) => days !== undefined), {
    error: privacyRule,
  })
  .meta({
    description: 'When texts and numbers of messages go, those too that were sent already.',
    examples: [{ redact_message_after_days: 0, redact_phone_after_days: 7 }],
  })

const sections = {
  quiet_hours: quietHoursField,
  limits: limitsField,
  pumping_guard: pumpingGuardField,
  numbers: numbersField,
  senders: sendersField,
  opt_out_words: optOutWordsField,
  privacy: privacyField,
  routing: routingField,
}

const bodyRule = { error: mustBe('an object of settings') }

/** As they are stored and shown. */
export const customerSettingsSchema: z.ZodType<CustomerSettings> = z
  .object({
    quiet_hours: sections.quiet_hours.optional(),
    limits: sections.limits.optional(),
    pumping_guard: sections.pumping_guard.optional(),
    numbers: sections.numbers.optional(),
    senders: sections.senders.optional(),
    opt_out_words: sections.opt_out_words.optional(),
    privacy: sections.privacy.optional(),
    routing: sections.routing.optional(),
  })
  .meta({ id: 'CustomerSettings', description: 'What is not in it is as for everybody.' })

/** A section that is null is removed; one that is missing stays as it is. */
export const customerSettingsChangeSchema = z
  .strictObject(
    {
      quiet_hours: sections.quiet_hours.nullable().optional(),
      limits: sections.limits.nullable().optional(),
      pumping_guard: sections.pumping_guard.nullable().optional(),
      numbers: sections.numbers.nullable().optional(),
      senders: sections.senders.nullable().optional(),
      opt_out_words: sections.opt_out_words.nullable().optional(),
      privacy: sections.privacy.nullable().optional(),
      routing: sections.routing.nullable().optional(),
    },
    bodyRule,
  )
  .meta({ id: 'CustomerSettingsChange' })
