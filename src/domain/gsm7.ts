/** The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1), without national tables. */

/** By code. At 0x1B stands the escape to the extension table. */
const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'

const escapeCode = 0x1b

/** By the code that follows the escape. */
const extension: readonly (readonly [code: number, character: string])[] = [
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
]

const septets: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...[...basic].flatMap((character, code) =>
    code === escapeCode ? [] : [[character, [code]] as const],
  ),
  ...extension.map(([code, character]) => [character, [escapeCode, code]] as const),
])
const characters = [...basic]
/** Most texts have nothing else, and this is much faster than looking each character up. */
const onlyBasic = new RegExp(
  `^[${basic.replaceAll('\u001b', '').replaceAll(/[\\\]^-]/g, '\\$&')}]*$`,
)
const extended = new Map(extension)

/** The septets of one character: one, or the escape and another; null when the alphabet has it not. */
export function gsm7Septets(character: string): readonly number[] | null {
  return septets.get(character) ?? null
}

/** How many septets a text takes, or null when the alphabet has not all of its characters. */
export function gsm7Length(text: string): number | null {
  if (onlyBasic.test(text)) return text.length
  let length = 0
  for (const character of text) {
    const codes = septets.get(character)
    if (codes === undefined) return null
    length += codes.length
  }
  return length
}

/** Septets, one a byte, unpacked. Null when the alphabet has not all of the characters. */
export function encodeGsm7(text: string): Uint8Array | null {
  const codes: number[] = []
  for (const character of text) {
    const some = septets.get(character)
    if (some === undefined) return null
    codes.push(...some)
  }
  return Uint8Array.from(codes)
}

/**
 * The text of septets. As the standard has it, an escape before a code that the extension table has not is a space and that
 * code's basic character, and one at the end is a space.
 */
export function decodeGsm7(codes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0
    if (code !== escapeCode) {
      text += characters[code & 0x7f]
      continue
    }
    const character = extended.get(codes[index + 1] ?? -1)
    if (character === undefined) {
      text += ' '
      continue
    }
    text += character
    index++
  }
  return text
}
