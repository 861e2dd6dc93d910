/**
 * How much a customer may send in a time, and what looks like traffic that somebody pumps up. Which counters a message has to fit
 * into, and which messages fit when not all do; the counting itself is an adapter's.
 */

/** Named as in JSON, because they are stored so. What is missing is as for everybody. */
export interface TrafficLimits {
  readonly messages_per_second?: number | undefined
  /** So many seconds' worth may come at once. */
  readonly burst_s?: number | undefined
  /** A day of UTC. */
  readonly messages_per_day?: number | undefined
  /** Of each API key for itself. */
  readonly messages_per_second_per_key?: number | undefined
}

/** Against numbers that are sent to for the fee alone. Each maximum is of a window. */
export interface PumpingGuard {
  readonly window_s?: number | undefined
  readonly prefix_digits?: number | undefined
  readonly messages_per_prefix_max?: number | undefined
  /** A range: numbers that differ in their last digits only. */
  readonly messages_per_range_max?: number | undefined
  readonly messages_per_recipient_max?: number | undefined
}

/** For what a customer's own settings leave open. */
export interface TrafficDefaults {
  readonly limits: TrafficLimits
  readonly guard: PumpingGuard
}

export const quotaNames = ['rate', 'day', 'key'] as const
export const guardNames = ['prefix', 'range', 'recipient'] as const
export type LimitName = (typeof quotaNames)[number] | (typeof guardNames)[number]

/** Something that a message has to fit into. */
export interface LimitCounter {
  readonly name: LimitName
  /** Counters of the same key are the same. Holds digits of recipients in those of the guard. */
  readonly key: string
  /** The most it may count in a window. */
  readonly limit: number
  readonly windowS: number
  /** When it ends whatever was counted when; null: a window after the first. */
  readonly endsAtMs: number | null
}

/** A message as its counters see it. */
export interface CountedMessage {
  readonly customerId: number
  /** Null when it came without an API key. */
  readonly keyPrefix: string | null
  /** As E.164. */
  readonly recipient: string
}

export const burstSDefault = 1
export const guardWindowSDefault = 3_600
export const prefixDigitsDefault = 6
/** Left open by a range: it holds a hundred numbers. */
const rangeOpenDigits = 2

const dayS = 86_400
const dayMs = dayS * 1_000

export function isGuarding(name: LimitName): boolean {
  return (guardNames as readonly string[]).includes(name)
}

/** Whether there is anything to count for such a customer. */
export function hasLimits({ limits, guard }: TrafficDefaults): boolean {
  return (
    limits.messages_per_second !== undefined ||
    limits.messages_per_day !== undefined ||
    limits.messages_per_second_per_key !== undefined ||
    guard.messages_per_prefix_max !== undefined ||
    guard.messages_per_range_max !== undefined ||
    guard.messages_per_recipient_max !== undefined
  )
}

/** What the messages of a customer with an API key have to fit into; the same for all of them until the end of the day. */
export function quotasOf(
  { customerId, keyPrefix }: Omit<CountedMessage, 'recipient'>,
  limits: TrafficLimits,
  nowMs: number,
): LimitCounter[] {
  const counters: LimitCounter[] = []
  const windowS = limits.burst_s ?? burstSDefault
  const { messages_per_second, messages_per_day, messages_per_second_per_key } = limits
  if (messages_per_second !== undefined) {
    const key = `rate:${customerId}:${windowS}`
    const limit = messages_per_second * windowS
    counters.push({ name: 'rate', key, limit, windowS, endsAtMs: null })
  }
  if (messages_per_day !== undefined) {
    const day = Math.floor(nowMs / dayMs)
    const key = `day:${customerId}:${day}`
    const endsAtMs = (day + 1) * dayMs
    counters.push({ name: 'day', key, limit: messages_per_day, windowS: dayS, endsAtMs })
  }
  if (messages_per_second_per_key !== undefined && keyPrefix !== null) {
    const key = `key:${customerId}:${keyPrefix}:${windowS}`
    const limit = messages_per_second_per_key * windowS
    counters.push({ name: 'key', key, limit, windowS, endsAtMs: null })
  }
  return counters
}

/** What a message has to fit into besides: counters of where it goes. */
export function guardsOf(
  { customerId, recipient }: Omit<CountedMessage, 'keyPrefix'>,
  guard: PumpingGuard,
): LimitCounter[] {
  const counters: LimitCounter[] = []
  const windowS = guard.window_s ?? guardWindowSDefault
  const add = (name: LimitName, digits: string, limit: number | undefined) => {
    if (limit === undefined) return
    const key = `${name}:${customerId}:${windowS}:${digits}`
    counters.push({ name, key, limit, windowS, endsAtMs: null })
  }
  add('prefix', prefixOf(recipient, guard.prefix_digits), guard.messages_per_prefix_max)
  add('range', recipient.slice(1, -rangeOpenDigits), guard.messages_per_range_max)
  add('recipient', recipient.slice(1), guard.messages_per_recipient_max)
  return counters
}

/** The first digits of a number. */
export function prefixOf(recipient: string, digits = prefixDigitsDefault): string {
  return recipient.slice(1, 1 + digits)
}

export interface Shares {
  /** Of each message, in order, the counters it does not fit into; none: it fits. */
  readonly full: readonly (readonly LimitCounter[])[]
  /** What nobody took, by key. */
  readonly unused: ReadonlyMap<string, number>
}

/**
 * Who gets what there is: the first come first, and each either has room in all of its counters or takes nothing.
 *
 * @param granted by key
 */
export function share(
  messages: readonly (readonly LimitCounter[])[],
  granted: ReadonlyMap<string, number>,
): Shares {
  const unused = new Map(granted)
  const full = messages.map((counters) => {
    const without = counters.filter(({ key }) => (unused.get(key) ?? 0) < 1)
    if (without.length === 0) {
      for (const { key } of counters) unused.set(key, (unused.get(key) ?? 0) - 1)
    }
    return without
  })
  return { full, unused }
}
