/** What a message costs its customer, when that has an account. */
import type { CustomerProfile } from '../domain/customer-settings.ts'
import type { Amount } from '../domain/money.ts'
import { isPhoneNumber } from '../domain/phone-number.ts'
import { messagePrice, priceIn } from '../domain/price-list.ts'
import { countSegments } from '../domain/segments.ts'
import type { SubmitCheck } from './submit-candidate.ts'

/** Of a text to a recipient; null where no list says anything. */
export function priceOfText(
  { prices }: Pick<CustomerProfile, 'prices'>,
  recipient: string,
  text: string,
): Amount | null {
  const perSegment = priceIn(prices, recipient)
  return perSegment === null ? null : messagePrice(perSegment, countSegments(text).count)
}

export const unpriced = 'is nowhere that there is a price for'

/** Puts the price into the message, of the text that is sent. */
export const priceCheck: SubmitCheck = ({ submit, profile, pointer }, faults) => {
  if (profile.account === null) return
  const price = priceOfText(profile, submit.phone, submit.message)
  if (price === null) {
    // What is no number has its fault already.
    if (!isPhoneNumber(submit.phone)) return
    faults.push({ pointer: `${pointer}/phone`, detail: unpriced })
  } else {
    submit.charge = { price, returnRule: profile.account.returnRule }
  }
}
