/** Limits of customers that have none of their own. Off unless set. */
import { wholeNumber } from '../parsers.ts'
import { optional, type Unit } from '../setting.ts'

function limit(name: string, [min, max]: readonly [number, number], unit: Unit, words: string) {
  return optional(name, wholeNumber(min, max), words, { unit })
}

// The ranges are those of a customer's own settings.
const rates = [1, 100_000] as const
const counts = [1, 1_000_000_000] as const

export const limits = {
  messagesPerSecond: limit(
    'LIMIT_MESSAGES_PER_SECOND',
    rates,
    'messages/s',
    'Of a customer, over all its API keys. Unset: no limit.',
  ),
  burstS: limit(
    'LIMIT_BURST_S',
    [1, 60],
    's',
    "So many seconds' worth of the rates may come at once. Unset: 1.",
  ),
  messagesPerDay: limit(
    'LIMIT_MESSAGES_PER_DAY',
    [0, 1_000_000_000],
    'messages',
    'Of a customer, in a day of UTC. Unset: no limit.',
  ),
  messagesPerSecondPerKey: limit(
    'LIMIT_MESSAGES_PER_SECOND_PER_KEY',
    rates,
    'messages/s',
    'Of each API key for itself. Unset: no limit.',
  ),
}

export const pumpingGuard = {
  windowS: limit(
    'PUMPING_WINDOW_S',
    [10, 86_400],
    's',
    'What each of these maxima is of, for each customer. Unset: 3600.',
  ),
  prefixDigits: limit(
    'PUMPING_PREFIX_DIGITS',
    [1, 9],
    'digits',
    'First digits of a number that make a prefix. Unset: 6.',
  ),
  messagesPerPrefixMax: limit(
    'PUMPING_MESSAGES_PER_PREFIX_MAX',
    counts,
    'messages',
    'To numbers that begin with the same digits. Unset: no limit.',
  ),
  messagesPerRangeMax: limit(
    'PUMPING_MESSAGES_PER_RANGE_MAX',
    counts,
    'messages',
    'To numbers that differ in their last two digits only. Unset: no limit.',
  ),
  messagesPerRecipientMax: limit(
    'PUMPING_MESSAGES_PER_RECIPIENT_MAX',
    counts,
    'messages',
    'To one number. Unset: no limit.',
  ),
}
