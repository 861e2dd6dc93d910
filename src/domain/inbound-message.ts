/** A message that somebody sends to one of our numbers (MO), as a provider brings it: whole, or a part of a long one. */
import { dayMs } from './duration.ts'
import type { MessageId } from './message.ts'

/** What a text asks for. */
export const inboundActions = ['stop', 'start', 'help'] as const
export type InboundAction = (typeof inboundActions)[number]

/** A concatenated message has at most 255 parts of 160 septets (3GPP TS 23.040 §9.2.3.24.1). */
export const partsMax = 255
export const inboundTextLengthMax = partsMax * 160

/** Which part of which message: the numbers of the user data header. */
export interface MessagePart {
  readonly reference: number
  readonly total: number
  /** From 1. */
  readonly number: number
}

export interface InboundItem {
  /** For the message, if it becomes one with this item. */
  readonly id: MessageId
  readonly provider: string
  /** The provider's id; null when it gives none. */
  readonly providerMessageId: string | null
  /** Who sent it. */
  readonly sender: string
  /** Our number, or short code. */
  readonly recipient: string
  readonly text: string
  /** Null: it is whole. */
  readonly part: MessagePart | null
  /** By the provider's clock, in milliseconds since the Unix epoch; null when it gave no time that can be. */
  readonly receivedAtMs: number | null
}

/** With the same id of the provider it is the same again for so long. */
export const inboundRepeatMs = 7 * dayMs
/** Without an id, the same text from and to the same numbers is the same again for so long: somebody may well say "yes" twice. */
export const inboundRepeatWithoutIdMs = 60_000
/** A part without an id, with the numbers and the text of one that is in a message already, is the same again for so long. */
export const partsRepeatMs = dayMs
/** With an id that has not come before, for so long: some providers give a part that they bring again another. A reference comes round later. */
export const partsRepeatWithIdMs = 60_000
