/**
 * A message as the gateway knows it. Pure data: no I/O, no clock.
 */
import type { ClaimToken } from './claim-token.ts'
import { dayMs } from './duration.ts'
import type { Amount, ReturnRule } from './money.ts'

/** The two queues. Express never waits behind normal, at any backlog. */
export const lanes = ['normal', 'express'] as const
export type Lane = (typeof lanes)[number]

/** A UUIDv7 in lower-case text form; its time order is its key order. */
export type MessageId = string

/** Longest text taken, in UTF-16 code units: ten GSM-7 parts of 153 septets and some room. */
export const textLengthMax = 1_600

/** Longest sender id: an E.164 number of 15 digits with its plus sign. */
export const senderIdLengthMax = 16

/** A message may be given for so much later; retention has to keep it as long. */
export const scheduleAheadMsMax = 7 * dayMs

/** Whether a message is for later than `nowMs`: it is not put into the queue yet. */
export function isForLater({ timing }: Pick<NewMessage, 'timing'>, nowMs: number): boolean {
  return (timing?.scheduleAtMs ?? Number.NEGATIVE_INFINITY) > nowMs
}

/** When a message may be sent. Null is: at once; as long as any message. */
export interface MessageTiming {
  /** Not before, in milliseconds since the Unix epoch. */
  readonly scheduleAtMs: number | null
  /** Not after, the same. */
  readonly expiresAtMs: number | null
  /** Not longer after its acceptance, or after `scheduleAtMs`. */
  readonly validForMs: number | null
}

/** A message that has been validated and given an id, ready to be committed. */
export interface NewMessage {
  readonly id: MessageId
  readonly customerId: number
  readonly lane: Lane
  /** E.164, with the plus sign. */
  readonly recipient: string
  readonly senderId: string | null
  readonly text: string
  /** Without it it is sent at once, for as long as any message may be. */
  readonly timing?: MessageTiming
  /** Without it it costs nothing. */
  readonly charge?: MessageCharge
  /** Of the span that it was accepted in (W3C Trace Context); without it it is not traced. */
  readonly traceparent?: string
}

/** What a message costs its customer. */
export interface MessageCharge {
  readonly price: Amount
  /** That of the account now; it stays the message's. */
  readonly returnRule: ReturnRule
}

/** What a processor needs to submit a message it has claimed. */
export interface ClaimedMessage {
  readonly id: MessageId
  readonly customerId: number
  readonly lane: Lane
  readonly recipient: string
  readonly senderId: string | null
  readonly text: string
  /** Counts claims, from 1, but for those that were handed back before anything went out. */
  readonly attempt: number
  /** The fencing token: whatever is written for this claim names it. */
  readonly claimToken: ClaimToken
  /** The provider that is written down, before anything is sent to it. */
  readonly provider: string
  /** A provider that may already hold this message (policy `resend`): it must be tried there again. */
  readonly inDoubtProvider: string | null
  /** Of the span that it was accepted in; null: it is not traced. */
  readonly traceparent: string | null
}
