/**
 * Smart encoding: one character that the GSM alphabet has not makes a whole text UCS-2, with less than half the room. Many of those
 * are typography that nobody meant, and have a twin in the alphabet.
 */
import { gsm7Length, gsm7Septets } from './gsm7.ts'

const twins: Readonly<Record<string, string>> = {
  // Quotation marks and apostrophes.
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201b': "'",
  '\u2032': "'",
  '\u2035': "'",
  '\u02bc': "'",
  '\u00b4': "'",
  '`': "'",
  '\u2039': '<',
  '\u203a': '>',
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u201f': '"',
  '\u2033': '"',
  '\u2036': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  // Dashes and hyphens.
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2015': '-',
  '\u2212': '-',
  '\u2043': '-',
  '\u00ad': '',
  // Dots and bullets.
  '\u2026': '...',
  '\u2022': '-',
  '\u00b7': '.',
  '\u2024': '.',
  // Spaces; those without a width go.
  '\t': ' ',
  '\u00a0': ' ',
  '\u2000': ' ',
  '\u2001': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2004': ' ',
  '\u2005': ' ',
  '\u2006': ' ',
  '\u2007': ' ',
  '\u2008': ' ',
  '\u2009': ' ',
  '\u200a': ' ',
  '\u202f': ' ',
  '\u205f': ' ',
  '\u3000': ' ',
  '\u200b': '',
  '\u2060': '',
  '\ufeff': '',
  '\u2028': '\n',
  '\u2029': '\n',
  '\u0085': '\n',
  // Others that look alike.
  '\u2044': '/',
  '\u2215': '/',
  '\u2217': '*',
  '\u00d7': 'x',
  '\u2216': '\\',
  '\u2223': '|',
  '\u223c': '~',
  '\u02c6': '^',
  '\u2122': 'TM',
  '\u00a9': '(C)',
  '\u00ae': '(R)',
  ç: 'Ç',
  '\ufb01': 'fi',
  '\ufb02': 'fl',
}

export interface Replacement {
  readonly from: string
  readonly to: string
  readonly count: number
}

export interface SmartText {
  readonly text: string
  /** In the order in which they first occur. */
  readonly replaced: readonly Replacement[]
}

/**
 * With every character replaced that has a twin, when that makes the text one of the alphabet; otherwise the text as it is, because
 * then it would be changed for nothing.
 */
export function smartEncode(text: string): SmartText {
  if (gsm7Length(text) !== null) return { text, replaced: [] }
  const counts = new Map<string, number>()
  let changed = ''
  for (const character of text) {
    if (gsm7Septets(character) !== null) {
      changed += character
      continue
    }
    const twin = twins[character]
    if (twin === undefined) return { text, replaced: [] }
    counts.set(character, (counts.get(character) ?? 0) + 1)
    changed += twin
  }
  const replaced = [...counts].map(([from, count]) => ({ from, to: twins[from] ?? '', count }))
  // A text of nothing but characters that go would be none.
  return changed === '' ? { text, replaced: [] } : { text: changed, replaced }
}
