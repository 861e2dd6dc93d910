/**
 * The user data header of an SMS (3GPP TS 23.040 §9.2.3.24): its length, then information elements, each an identifier, a length and
 * so many octets. Here for the two that say which part of a long message this is.
 */
import type { MessagePart } from './inbound-message.ts'

/** A whole user data is 140 octets, and its header's length is one of them. */
export const headerOctetsMax = 140

/** Part null: the message is whole. */
export type ParsedHeader = { readonly part: MessagePart | null } | { readonly fault: string }

const hexPattern = /^(?:[0-9a-f]{2})+$/i

/** Concatenation with an 8-bit, and with a 16-bit reference. */
const concatenations: Readonly<Record<number, { readonly octets: number }>> = {
  0: { octets: 3 },
  8: { octets: 4 },
}

/** @param hex the header with its length octet, such as `050003a70201` */
export function parseUserDataHeader(hex: string): ParsedHeader {
  if (!hexPattern.test(hex) || hex.length > 2 * headerOctetsMax) {
    return { fault: `must be 1 to ${headerOctetsMax} octets in hexadecimal` }
  }
  const octets = Buffer.from(hex, 'hex')
  const length = octets[0] ?? 0
  if (length !== octets.length - 1) {
    return {
      fault: `must be as long as its first octet says: ${length} more, not ${octets.length - 1}`,
    }
  }
  // Of elements that exclude each other the last one counts (§9.2.3.24).
  let part: MessagePart | null = null
  for (let at = 1; at < octets.length; ) {
    const identifier = octets[at] ?? 0
    const size = octets[at + 1]
    if (size === undefined || at + 2 + size > octets.length) {
      return { fault: `must not end within an information element (octet ${at})` }
    }
    const data = octets.subarray(at + 2, at + 2 + size)
    at += 2 + size
    const concatenation = concatenations[identifier]
    if (concatenation === undefined) continue
    if (size !== concatenation.octets) {
      return {
        fault: `must have ${concatenation.octets} octets in its element ${identifier}, not ${size}`,
      }
    }
    const reference = size === 4 ? data.readUInt16BE(0) : data.readUInt8(0)
    const [total = 0, number = 0] = data.subarray(size - 2)
    if (total === 0 || number === 0 || number > total) {
      return { fault: `must name a part from 1 to its total, not ${number} of ${total}` }
    }
    part = { reference, total, number }
  }
  return { part }
}
