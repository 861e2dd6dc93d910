/** Amounts of money: whole millionths of the one currency that an installation has. Never fractions of them. */
import type { MessageState } from './message-state.ts'

/** A whole number of millionths. */
export type Amount = number

const millionths = 1_000_000

/** More than anybody pays, and exact as a number. */
export const amountMax: Amount = 1_000_000_000 * millionths

/** A decimal number with at most six places. */
export const amountPattern = /^-?(0|[1-9]\d{0,9})(\.\d{1,6})?$/

/** Null for what is no amount, or beyond `amountMax`. */
export function parseAmount(text: string): Amount | null {
  if (!amountPattern.test(text)) return null
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const amount = Number(whole) * millionths + Number(fraction.padEnd(6, '0'))
  if (amount > amountMax) return null
  return text.startsWith('-') && amount > 0 ? -amount : amount
}

/** At least two places, and as many more as it has: `-12.50`, `0.075`. */
export function formatAmount(amount: Amount): string {
  const size = Math.abs(amount)
  const fraction = String(size % millionths).padStart(6, '0')
  const shown = fraction.slice(0, 2) + fraction.slice(2).replace(/0+$/, '')
  return `${amount < 0 ? '-' : ''}${Math.floor(size / millionths)}.${shown}`
}

/** What people enter; messages and their returns are entered by the gateway. */
export const manualKinds = ['top_up', 'adjustment'] as const
export type ManualKind = (typeof manualKinds)[number]
export const entryKinds = [...manualKinds, 'messages', 'return'] as const
export type EntryKind = (typeof entryKinds)[number]

/** Which messages are not paid in the end: their price goes back to the account when they reach such a state. */
export const returnRules = ['never', 'not_sent', 'not_delivered'] as const
export type ReturnRule = (typeof returnRules)[number]

/**
 * Whether it is certain that nobody has it, or that its recipient has not. What may have arrived (`unknown`) is paid.
 *
 * | state | never left (`not_sent`) | did not arrive (`not_delivered`) |
 * |---|---|---|
 * | `canceled`, `failed` | returned | returned |
 * | `expired`, `rejected` | returned when no provider took it | returned |
 * | `undelivered` | paid | returned |
 * | `delivered`, `unknown` | paid | paid |
 */
export function isReturned(rule: ReturnRule, status: MessageState, wasSent: boolean): boolean {
  switch (rule) {
    case 'never':
      return false
    case 'not_sent':
      return !wasSent && unsentStates.includes(status)
    case 'not_delivered':
      return undeliveredStates.includes(status)
    default:
      return rule satisfies never
  }
}

/** The states in which a message that no provider took is returned. */
export const unsentStates: readonly MessageState[] = ['canceled', 'failed', 'expired', 'rejected']
/** Those in which its recipient has it not. */
export const undeliveredStates: readonly MessageState[] = [...unsentStates, 'undelivered']
