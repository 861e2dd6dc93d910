/** UUIDs as four 32-bit words: numbers that the garbage collector never looks at. */

const lengthOfUuid = 36
const notHex = 255

/** By character code: the value of a lower-case hexadecimal digit. */
const digitValues = new Uint8Array(128).fill(notHex)
for (let value = 0; value < 16; value++) digitValues[value.toString(16).charCodeAt(0)] = value

/** Where each word's eight digits are, around the hyphens at 8, 13, 18 and 23. */
const digitPositions = Uint8Array.from(
  Array.from({ length: lengthOfUuid }, (_, position) => position).filter(
    (position) => !isHyphenPosition(position),
  ),
)

/**
 * Writes the words of `text` to `words[at … at + 3]`, if it is a UUID as RFC 9562 §4 writes it, in lower
 * case; says whether it was. What it was given may be half written when it was not.
 */
export function packUuid(text: string, words: Uint32Array, at: number): boolean {
  if (text.length !== lengthOfUuid) return false
  let word = 0
  for (let digit = 0; digit < 32; digit++) {
    const value = digitValues[text.charCodeAt(digitPositions[digit] ?? 0)] ?? notHex
    if (value === notHex) return false
    word = (word << 4) | value
    if ((digit & 7) === 7) words[at + (digit >> 3)] = word
  }
  return text[8] === '-' && text[13] === '-' && text[18] === '-' && text[23] === '-'
}

/** The UUID whose words are at `words[at … at + 3]`. */
export function unpackUuid(words: Uint32Array, at: number): string {
  let hex = ''
  for (let index = at; index < at + 4; index++) {
    hex += (words[index] ?? 0).toString(16).padStart(8, '0')
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** 32 well-mixed bits of a packed UUID; those of version 7 differ mostly in few places. */
export function hashUuid(words: Uint32Array, at: number): number {
  let hash = (words[at] ?? 0) ^ Math.imul((words[at + 1] ?? 0) + 0x9e3779b9, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15) ^ (words[at + 2] ?? 0), 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13) ^ (words[at + 3] ?? 0), 0x27d4eb2f)
  return (hash ^ (hash >>> 16)) >>> 0
}

function isHyphenPosition(position: number): boolean {
  return position === 8 || position === 13 || position === 18 || position === 23
}
