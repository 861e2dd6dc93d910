/**
 * When the text and the number of a message go, and what is left of them. Pure: the store finds the messages, the processor
 * carries it out.
 */
import { countSegments, type Encoding } from './segments.ts'

/** After so many days from a message's acceptance, and not before it is final; 0 is as soon as it is final; missing is never. */
export interface PrivacySettings {
  readonly redact_message_after_days?: number | undefined
  readonly redact_phone_after_days?: number | undefined
}

export const redactDaysMax = 3_650

/** Messages of a number that an erasure takes in one step. */
export const erasureStepMax = 500

/** As it is stored. What is missing was not redacted. */
export interface Redaction {
  readonly text_at?: string
  readonly encoding?: Encoding
  readonly segments?: number
  readonly phone_at?: string
}

/**
 * A dead letter keeps its message for so long from its end, for a replay, whatever its customer has set; an erasure by number
 * does not wait for it.
 */
export const deadLetterKeptMs = 3 * 86_400_000

/** A message that may have to be redacted, as the database sees it now. */
export interface RedactionCandidate {
  readonly id: string
  readonly isFinal: boolean
  /** It has a dead letter that waits, and is kept for it. */
  readonly isKept: boolean
  /** Null: it is not its time, or it is gone already. */
  readonly text: string | null
  readonly phone: string | null
  readonly ageMs: number
  /** Until it is sent for the first time; 0 when that is not in the future. */
  readonly scheduledInMs: number
}

/** What is done to a message. Null leaves what is there. */
export interface NewRedaction {
  readonly id: string
  readonly text: { readonly encoding: Encoding; readonly segments: number } | null
  readonly maskedPhone: string | null
}

export type RedactionDecision =
  | { readonly kind: 'redact'; readonly redaction: NewRedaction }
  | { readonly kind: 'wait'; readonly checkInMs: number }
  | { readonly kind: 'nothing' }

export function decideRedaction(candidate: RedactionCandidate): RedactionDecision {
  const { id, isFinal, isKept, text, phone } = candidate
  if (text === null && phone === null) return { kind: 'nothing' }
  if (!isFinal || isKept) return { kind: 'wait', checkInMs: checkInMs(candidate) }
  return { kind: 'redact', redaction: redactionOf(id, text, phone) }
}

export function redactionOf(id: string, text: string | null, phone: string | null): NewRedaction {
  const counted = text === null ? null : countSegments(text)
  return {
    id,
    text: counted && { encoding: counted.encoding, segments: counted.count },
    maskedPhone: phone === null ? null : maskPhone(phone),
  }
}

const checkMsMin = 2_000
const checkMsMax = 600_000
const checksPerAge = 10

/** The older a message is, the less likely it is to end soon: after a tenth of its age, ten minutes at most. */
export function checkInMs({
  ageMs,
  scheduledInMs,
}: Pick<RedactionCandidate, 'ageMs' | 'scheduledInMs'>): number {
  if (scheduledInMs > 0) return scheduledInMs + checkMsMin
  return Math.min(checkMsMax, Math.max(checkMsMin, Math.round(ageMs / checksPerAge)))
}

/** Calling codes of one digit and of two (ITU-T E.164 annex); all others have three. */
const shortCallingCode = /^([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/

/** `+491701234567` becomes `+49********67`: the country and two digits; of a short number not even those. */
export function maskPhone(phone: string): string {
  const digits = phone.slice(1)
  const code = shortCallingCode.exec(digits)?.[0] ?? digits.slice(0, 3)
  const shown = digits.length < 9 ? '' : digits.slice(-2)
  return `+${code}${'*'.repeat(digits.length - code.length - shown.length)}${shown}`
}
