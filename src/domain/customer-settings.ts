/** What is particular to a customer. Every section may be missing: then it is with this customer as with everybody. */

import type { InboundAction } from './inbound-message.ts'
import type { ReturnRule } from './money.ts'
import type { NumberSettings } from './number-rules.ts'
import type { PriceList } from './price-list.ts'
import type { PrivacySettings } from './redaction.ts'
import type { RoutingSettings } from './routing.ts'
import type { SenderSettings } from './sender-choice.ts'
import type { PumpingGuard, TrafficLimits } from './traffic-limits.ts'

/** Times of the day at which normal messages are not sent, but at their end; express ones are. */
export interface QuietHours {
  /** `HH:MM`, of the customer's time zone. */
  readonly from: string
  /** The same; before `from` it is of the next day. */
  readonly to: string
  /** A name of the IANA time zone database. */
  readonly time_zone: string
}

/** Words of its own, beside everybody's, folded as `inbound-words.ts` does. */
export type OptOutWords = {
  readonly [A in InboundAction]?: readonly string[] | undefined
}

/** Named as in JSON, because it is stored so. */
export interface CustomerSettings {
  readonly quiet_hours?: QuietHours | undefined
  readonly limits?: TrafficLimits | undefined
  readonly pumping_guard?: PumpingGuard | undefined
  readonly numbers?: NumberSettings | undefined
  readonly senders?: SenderSettings | undefined
  readonly opt_out_words?: OptOutWords | undefined
  readonly privacy?: PrivacySettings | undefined
  readonly routing?: RoutingSettings | undefined
}

/** What the acceptance of a message has to know of its customer. */
export interface CustomerProfile {
  readonly id: number
  /** Whether there is such a customer; without keys messages may name any. */
  readonly isKnown: boolean
  readonly settings: CustomerSettings
  /** Null: its messages cost nothing. */
  readonly account: { readonly returnRule: ReturnRule } | null
  /** By which they are priced, in this order; none without an account. */
  readonly prices: readonly PriceList[]
}

/** Of a customer that nobody has made. */
export function unknownCustomer(id: number): CustomerProfile {
  return { id, isKnown: false, settings: {}, account: null, prices: [] }
}
