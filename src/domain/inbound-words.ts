/** The words by which people say what they want, and by which their messages find a customer. */
import { type InboundAction, inboundActions } from './inbound-message.ts'

/**
 * What each action is asked for with: Twilio's, AWS's and Telnyx's lists together (a French one with and without its accent), folded.
 */
export const wordsOfActions: Readonly<Record<InboundAction, readonly string[]>> = {
  stop: [
    'stop',
    'stopall',
    'stop all',
    'unsubscribe',
    'cancel',
    'end',
    'quit',
    'revoke',
    'optout',
    'opt-out',
    'remove',
    'arret',
    'arrêt',
    'td',
  ],
  start: ['start', 'unstop'],
  help: ['help'],
}

/** Longest word of a customer's own, or keyword of a route. */
export const wordLengthMax = 32
/** The most words of a customer's own for one action. */
export const wordsMax = 50

/** What may stand around a word without being part of it, after folding. */
export const wordPunctuation = '.,:;!?"\'()[]<>*'

const invisible = /\p{Cf}/gu
const spaces = /\s+/gu
const curlyQuotes = /[\u2018\u2019\u201c\u201d\u00ab\u00bb\u00a1\u00bf]/gu

/**
 * A text in the form in which words are compared: compatibility forms made one (NFKC), lower case, any white space a single space,
 * nothing invisible, and quotes as ASCII has them. Part by part it is the same as of the whole.
 */
export function foldText(text: string): string {
  const plain = text.normalize('NFKC').replace(curlyQuotes, '"').replace(invisible, '')
  return plain.toLowerCase().replace(spaces, ' ')
}

function trimmed(folded: string): string {
  const isOuter = (character: string | undefined): boolean =>
    character !== undefined && (character === ' ' || wordPunctuation.includes(character))
  let start = 0
  let end = folded.length
  while (start < end && isOuter(folded[start])) start++
  while (end > start && isOuter(folded[end - 1])) end--
  return folded.slice(start, end)
}

/** A word or a few, folded and without what stands around them; '' when nothing is left. */
export function foldWord(text: string): string {
  return trimmed(foldText(text))
}

/** Whether it may be the keyword of a route: one word that is folded to something. */
export function isKeyword(text: string): boolean {
  const folded = foldWord(text)
  return folded !== '' && !folded.includes(' ') && folded.length <= wordLengthMax
}

/** Which action everybody's words mean with this, folded; null when none. */
export function actionOf(word: string): InboundAction | null {
  return inboundActions.find((action) => wordsOfActions[action].includes(word)) ?? null
}
