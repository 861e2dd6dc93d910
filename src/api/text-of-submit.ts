/** The text that a message is sent with: as it was given or, when that is wished, with its twins in the GSM alphabet. */
import { countSegments } from '../domain/segments.ts'
import { smartEncode } from '../domain/smart-encoding.ts'
import type { Submit } from './message-schemas.ts'
import type { Fault } from './problems.ts'
import type { SubmitCheck } from './submit-candidate.ts'

export interface TextRules {
  /** A text of more is refused. */
  readonly segmentsMax: number
  /** For messages that do not say. */
  readonly smartEncodingDefault: boolean
}

export function textOf(
  { message, smart_encoding }: Pick<Submit, 'message' | 'smart_encoding'>,
  { smartEncodingDefault }: TextRules,
): string {
  return (smart_encoding ?? smartEncodingDefault) ? smartEncode(message).text : message
}

/** Fewer characters than these are in no segment but the last: what is left out of one has no room in half of it. */
const charactersPerSegmentMin = 33

/** @param base pointer to the message */
export function segmentFaults(text: string, { segmentsMax }: TextRules, base = ''): Fault[] {
  if (text.length <= segmentsMax * charactersPerSegmentMin) return []
  const { encoding, count } = countSegments(text)
  if (count <= segmentsMax) return []
  const alphabet = encoding === 'gsm7' ? 'the GSM alphabet' : 'UCS-2'
  const detail = `must take at most ${segmentsMax} segments; in ${alphabet} it takes ${count}`
  return [{ pointer: `${base}/message`, detail }]
}

/** Puts the text that is sent into the message. */
export function textCheck(rules: TextRules): SubmitCheck {
  return ({ submit, pointer }, faults) => {
    submit.message = textOf(submit, rules)
    faults.push(...segmentFaults(submit.message, rules, pointer))
  }
}
