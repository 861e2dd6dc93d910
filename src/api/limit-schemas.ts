/** The limits of a customer, as they are set. */
import { z } from 'zod'
import { mustBe } from './fields.ts'

function count(min: number, max: number, description: string) {
  const error = mustBe(`a whole number from ${min} to ${max}`)
  return z
    .number({ error })
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .optional()
    .meta({ description })
}

const rateMax = 100_000
const burstSMax = 60
const countMax = 1_000_000_000
const windowSRange = [10, 86_400] as const
const prefixDigitsRange = [1, 9] as const

export const limitsField = z
  .strictObject(
    {
      messages_per_second: count(1, rateMax, 'Over all API keys.'),
      burst_s: count(1, burstSMax, "So many seconds' worth may come at once; 1 unless given."),
      messages_per_day: count(0, countMax, 'A day of UTC.'),
      messages_per_second_per_key: count(1, rateMax, 'Of each API key for itself.'),
    },
    { error: mustBe('an object of limits') },
  )
  .meta({
    description: 'How much may be sent in a time. What is missing is as for everybody.',
    examples: [{ messages_per_second: 100, burst_s: 5, messages_per_day: 50_000 }],
  })

export const pumpingGuardField = z
  .strictObject(
    {
      window_s: count(...windowSRange, 'What each maximum is of; 3600 unless given.'),
      prefix_digits: count(
        ...prefixDigitsRange,
        'First digits that make a prefix; 6 unless given.',
      ),
      messages_per_prefix_max: count(1, countMax, 'To numbers that begin with the same digits.'),
      messages_per_range_max: count(
        1,
        countMax,
        'To numbers that differ in their last two digits only.',
      ),
      messages_per_recipient_max: count(1, countMax, 'To one number.'),
    },
    { error: mustBe('an object of maxima') },
  )
  .meta({
    description:
      'Against traffic that is pumped up for its fees. What is missing is as for everybody.',
    examples: [{ window_s: 3_600, messages_per_range_max: 20, messages_per_recipient_max: 5 }],
  })
