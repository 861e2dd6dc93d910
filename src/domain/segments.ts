/**
 * How a text goes over the air: in one segment of 140 octets, or in several that a header joins again (3GPP TS 23.040
 * §9.2.3.24.1, with a reference of 8 bits, 6 octets). No segment ends in the middle of an escape, of a surrogate pair, or, where a
 * segment has room for it, of what a reader takes for one character (a grapheme, Unicode TR 29).
 */
import { gsm7Length, gsm7Septets } from './gsm7.ts'

export const encodings = ['gsm7', 'ucs2'] as const
export type Encoding = (typeof encodings)[number]

/** Septets, or UTF-16 code units, in a segment that is alone, and in one of several. */
export const segmentUnits: Readonly<Record<Encoding, { alone: number; joined: number }>> = {
  gsm7: { alone: 160, joined: 153 },
  ucs2: { alone: 70, joined: 67 },
}

/** The header counts in a byte. */
export const segmentsMax = 255

export interface Segmentation {
  readonly encoding: Encoding
  /** Septets or code units, without headers. */
  readonly units: number
  /** The text in pieces; one that is empty for an empty text. May be more than `segmentsMax`. */
  readonly segments: readonly string[]
}

/**
 * Characters of one code unit that are graphemes by themselves whatever stands beside them: Latin, Greek, Cyrillic, Kana, Han, Hangul,
 * punctuation. What may be joined (marks, emoji, Jamo, Indic letters, a carriage return) is not among them.
 */
const aloneOnly =
  /^[\n\u0020-\u007e\u00a0-\u02ff\u0370-\u0482\u048a-\u0587\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*$/

/** How many segments `segmentText` makes; costs less, because most texts need not be taken to pieces for it. */
export function countSegments(text: string): {
  readonly encoding: Encoding
  readonly count: number
} {
  const septets = gsm7Length(text)
  const encoding: Encoding = septets === null ? 'ucs2' : 'gsm7'
  const { alone, joined } = segmentUnits[encoding]
  if ((septets ?? text.length) <= alone) return { encoding, count: 1 }
  // Where no character has more than one unit, every segment but the last is full.
  const isEven = septets === null ? aloneOnly.test(text) : septets === text.length
  const count = isEven ? Math.ceil(text.length / joined) : segmentText(text).segments.length
  return { encoding, count }
}

export function segmentText(text: string): Segmentation {
  const septets = gsm7Length(text)
  const encoding: Encoding = septets === null ? 'ucs2' : 'gsm7'
  const units = septets ?? text.length
  const { alone, joined } = segmentUnits[encoding]
  if (units <= alone) return { encoding, units, segments: [text] }
  const pieces = septets === null ? graphemesOf(text, joined) : text
  const unitsOf = septets === null ? codeUnits : septetsOf
  const segments: string[] = []
  let segment = ''
  let used = 0
  for (const piece of pieces) {
    const size = unitsOf(piece)
    if (used + size > joined) {
      segments.push(segment)
      segment = ''
      used = 0
    }
    segment += piece
    used += size
  }
  segments.push(segment)
  return { encoding, units, segments }
}

const codeUnits = (piece: string): number => piece.length
const septetsOf = (piece: string): number => gsm7Septets(piece)?.length ?? 0

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Graphemes; one that no segment has room for comes in its characters. */
function* graphemesOf(text: string, unitsMax: number): Generator<string> {
  for (const { segment: grapheme } of segmenter.segment(text)) {
    if (grapheme.length <= unitsMax) yield grapheme
    else yield* grapheme
  }
}
