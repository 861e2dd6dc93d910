/** Bodies and parameters about accounts, their ledgers, and prices. Amounts are text, because they are exact. */
import { z } from 'zod'
import { type Amount, entryKinds, manualKinds, parseAmount, returnRules } from '../domain/money.ts'
import { prefixPattern, pricesMax } from '../domain/price-list.ts'
import { customerIdText } from './customer-schemas.ts'
import { mustBe, shownText, shownTimeField } from './fields.ts'
import { cursorField, limitField, nextCursorField } from './message-schemas.ts'

const bodyRule = { error: mustBe('a JSON object') }

const amountSchema = {
  type: 'string',
  pattern: '^-?(0|[1-9]\\d{0,9})(\\.\\d{1,6})?$',
  examples: ['0.075'],
} as const

/** Text, and the amount it is. @param mayBe what is allowed of those */
function amountField(rule: string, mayBe: (amount: Amount) => boolean) {
  const error = mustBe(rule)
  return z
    .string({ error })
    .refine((text) => isAmount(text, mayBe), { error })
    .transform((text) => parseAmount(text) ?? 0)
    .meta({ override: amountSchema })
}

function isAmount(text: string, mayBe: (amount: Amount) => boolean): boolean {
  const amount = parseAmount(text)
  return amount !== null && mayBe(amount)
}

const decimal = 'a decimal number as a string, with at most six places'
const priceField = amountField(`${decimal}, from 0 on`, (amount) => amount >= 0)
const shownAmountField = z.string().meta({ override: amountSchema })

const returnRuleField = z
  .enum(returnRules, { error: mustBe(`one of ${returnRules.join(', ')}`) })
  .meta({ description: 'Which messages are not paid in the end.' })

export const accountChangeSchema = z
  .strictObject(
    {
      credit: priceField.optional().meta({ description: 'The balance may go so far below zero.' }),
      return_rule: returnRuleField.optional(),
    },
    bodyRule,
  )
  .meta({ id: 'AccountChange', examples: [{ credit: '50.00', return_rule: 'not_sent' }] })

export const accountSchema = z
  .object({
    customer_id: z.int(),
    balance: shownAmountField,
    credit: shownAmountField,
    available: shownAmountField.meta({ description: 'What messages may cost now.' }),
    return_rule: returnRuleField,
    opened_at: shownTimeField,
  })
  .meta({ id: 'Account' })
export type AccountBody = z.infer<typeof accountSchema>

export const referenceLengthMax = 100

export const newEntrySchema = z
  .strictObject(
    {
      kind: z.enum(manualKinds, { error: mustBe(`one of ${manualKinds.join(', ')}`) }),
      amount: amountField(`${decimal}, not 0`, (amount) => amount !== 0),
      reference: shownText(referenceLengthMax).meta({
        description: 'The same one is entered once: repeat the request when its answer got lost.',
      }),
      note: shownText(200).optional(),
    },
    bodyRule,
  )
  .refine((entry) => entry?.kind !== 'top_up' || !((entry.amount as Amount) < 0), {
    path: ['amount'],
    error: 'must be above 0 for a top_up: take away with an adjustment',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .meta({ id: 'NewEntry' })

export const entrySchema = z
  .object({
    id: z.int(),
    customer_id: z.int(),
    entered_at: shownTimeField,
    kind: z.enum(entryKinds),
    amount: shownAmountField,
    balance: shownAmountField.meta({ description: 'Of the account, after it.' }),
    messages: z.int().meta({ description: 'How many were paid or returned.' }),
    reference: z.string().nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: 'LedgerEntry' })
export type EntryBody = z.infer<typeof entrySchema>

export const entryListSchema = z
  .object({ entries: z.array(entrySchema), next_cursor: nextCursorField })
  .meta({ id: 'LedgerEntryList', description: 'Newest first.' })

const customerText = customerIdText.meta({
  description: 'Whose account. Staff must give it; a customer need not.',
})

export const accountParametersSchema = z.strictObject({ customer_id: customerText.optional() })

const entryIdPattern = /^[1-9]\d{0,15}$/

export const entryParametersSchema = z.strictObject({
  customer_id: customerText.optional(),
  limit: limitField.optional(),
  cursor: cursorField((cursor) => (entryIdPattern.test(cursor) ? cursor : null)).optional(),
})

const pricesRule = mustBe(`an object of at most ${pricesMax} prices by prefix`)
const prefixRule =
  'is no prefix: a plus sign and up to 15 digits; the plus sign alone is everywhere else'

function blame(context: z.RefinementCtx, prefix: string, message: string): void {
  context.issues.push({ code: 'custom', path: [prefix], message, input: prefix })
}

export const priceListChangeSchema = z
  .strictObject(
    {
      prices: z
        .record(z.string(), z.unknown(), { error: pricesRule })
        .refine((prices) => Object.keys(prices).length <= pricesMax, { error: pricesRule })
        .transform((prices, context) => {
          const list: Record<string, Amount> = {}
          for (const [prefix, given] of Object.entries(prices)) {
            const price = priceField.safeParse(given)
            if (!prefixPattern.test(prefix)) blame(context, prefix, prefixRule)
            if (price.success) list[prefix] = price.data
            else blame(context, prefix, price.error.issues[0]?.message ?? '')
          }
          return list
        })
        .meta({
          override: { type: 'object', additionalProperties: amountSchema },
          description: 'Prices a segment by the beginning of the recipient; the longest decides.',
        }),
    },
    bodyRule,
  )
  .meta({ id: 'PriceListChange', examples: [{ prices: { '+49': '0.075', '+': '0.10' } }] })

export const priceListSchema = z
  .object({
    customer_id: z.int().nullable().meta({ description: 'Null: the common list.' }),
    changed_at: shownTimeField.nullable().meta({ description: 'Null: there is none.' }),
    prices: z.record(z.string(), shownAmountField),
  })
  .meta({ id: 'PriceList' })
export type PriceListBody = z.infer<typeof priceListSchema>
