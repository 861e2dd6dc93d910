/** Where a submitted message goes, and who it appears to come from. */
import {
  createNumberRules,
  judgeNumber,
  type NumberRefusal,
  type NumberSettings,
} from '../domain/number-rules.ts'
import { type KnownNumber, readNumber } from '../domain/numbering-plan.ts'
import { maySendAs, senderFor } from '../domain/sender-choice.ts'
import { phoneWords } from './fields.ts'
import type { AddressCheck } from './submit-candidate.ts'

/** @param everybodys rules, beside which a customer has its own */
export function createAddressCheck(everybodys: NumberSettings): AddressCheck {
  const rulesOf = createNumberRules(everybodys)
  return ({ submit, profile, pointer }, faults) => {
    const { numbers, senders } = profile.settings
    let known: KnownNumber | null = null
    if (submit.phone !== undefined) {
      const judged = judgeNumber(submit.phone, rulesOf(numbers))
      if ('phone' in judged) {
        submit.phone = judged.phone
        known = judged.known
      } else {
        for (const refusal of judged.refusals) {
          faults.push({ pointer: `${pointer}/phone`, detail: wordsOf(refusal) })
        }
      }
    }
    if (senders === undefined) return
    const { phone, sender_id } = submit
    if (sender_id === undefined) {
      const sender = senderFor(senders, () => known?.country ?? countryOf(phone))
      if (sender !== undefined) submit.sender_id = sender
    } else if (!maySendAs(senders, sender_id)) {
      const detail = `must be one that the customer may use: ${listed(senders.allowed ?? [])}`
      faults.push({ pointer: `${pointer}/sender_id`, detail })
    }
  }
}

function countryOf(phone: string | undefined): string | null {
  const read = phone === undefined ? null : readNumber(phone, null)
  return read === null || typeof read === 'string' ? null : read.country
}

function wordsOf(refusal: NumberRefusal): string {
  switch (refusal.kind) {
    case 'malformed':
      return `must be ${phoneWords}`
    case 'flawed':
      return flawWords(refusal)
    case 'not-given-out':
      return `is in no range of numbers that is given out in ${refusal.place}`
    case 'denied':
      return refusal.place.startsWith('+')
        ? `must not begin with ${refusal.place}: such numbers are denied`
        : `must not be a number of ${refusal.place}: that country is denied`
    case 'not-allowed':
      return `must be of a country, or begin as, that is allowed: ${listed(refusal.allowed)}`
    case 'line-type':
      return `must not be of the line type ${refusal.lineType}: it is denied`
  }
}

function flawWords({ flaw, callingCode }: NumberRefusal & { kind: 'flawed' }): string {
  if (flaw === 'unknown-country-code') return 'must begin with a country code that there is'
  const here = callingCode === null ? '' : ` of +${callingCode}`
  const words = {
    'too-short': `is too short for a number${here}`,
    'too-long': `is too long for a number${here}`,
    'wrong-length': `has not as many digits as a number${here} has`,
  }
  return words[flaw]
}

const listedMax = 10

function listed(entries: readonly string[]): string {
  const more = entries.length - listedMax
  return entries.slice(0, listedMax).join(', ') + (more > 0 ? ` and ${more} more` : '') || 'none'
}
