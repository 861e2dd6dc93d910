/**
 * The life of a message as one table. `docs/message-states.md` shows it; a test compares the two.
 *
 * States only move forward. Late, repeated and out-of-order reports ask for transitions that are not in
 * the table; they are kept as reports and change nothing.
 */

export const messageStates = [
  'scheduled',
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'expired',
  'rejected',
  'unknown',
  'failed',
  'canceled',
] as const
export type MessageState = (typeof messageStates)[number]

/** States a provider's report can bring a message into. */
export const reportedStates = [
  'delivered',
  'undelivered',
  'expired',
  'rejected',
  'unknown',
] as const
export type ReportedState = (typeof reportedStates)[number]

/**
 * From each state, where it may go.
 *
 * - `sending → queued`: nothing was taken; it is tried again later.
 * - `queued → sent`: the claim was given up meanwhile, but its processor lives and knows.
 * - `queued`/`sending` → a reported state: the report overtook the record of the submit.
 * - `unknown` → a reported state: a late report knows better than our time-out.
 * - `failed → queued`: only by an operator's replay of a dead letter.
 */
export const transitions: Readonly<Record<MessageState, readonly MessageState[]>> = {
  scheduled: ['queued', 'expired', 'canceled'],
  queued: [
    'sending',
    'sent',
    'delivered',
    'undelivered',
    'expired',
    'rejected',
    'unknown',
    'failed',
    'canceled',
  ],
  sending: [
    'queued',
    'sent',
    'delivered',
    'undelivered',
    'expired',
    'rejected',
    'unknown',
    'failed',
  ],
  sent: ['delivered', 'undelivered', 'expired', 'rejected', 'unknown'],
  unknown: ['delivered', 'undelivered', 'expired', 'rejected'],
  failed: ['queued'],
  delivered: [],
  undelivered: [],
  expired: [],
  rejected: [],
  canceled: [],
}

/** Final: nothing of ours will move the message again (an operator's replay or a late report may). */
export const finalStates = [
  'delivered',
  'undelivered',
  'expired',
  'rejected',
  'unknown',
  'failed',
  'canceled',
] as const satisfies readonly MessageState[]

const finalStateSet: ReadonlySet<MessageState> = new Set(finalStates)

export function isFinal(state: MessageState): boolean {
  return finalStateSet.has(state)
}

export function canTransition(from: MessageState, to: MessageState): boolean {
  return transitions[from].includes(to)
}

/** The states from which `to` may be reached, for the guards in SQL. */
export function statesBefore(to: MessageState): MessageState[] {
  return messageStates.filter((from) => canTransition(from, to))
}
