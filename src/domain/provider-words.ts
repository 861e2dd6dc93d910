/** What a provider says of a message may repeat the message. Its words are kept, shown and logged: without that. */

/** So many characters of a text in a row are its words, and no chance. */
const fragmentLengthMin = 12
/** In a text, so many digits in a row are a code that is meant for one person. */
const codePattern = /\d{4,}/g
/** A number as people write it, which may have spaces and other signs between its digits. */
const numberPattern = /\+?\(?\d(?:[ ()./-]{0,2}\d){6,}/g
/** By so many of its last digits a number is known, whatever stands before them. */
const numberTail = 7

export const withheldNumber = '[number]'
export const withheldText = '[text]'

/** @param words at most a few hundred characters */
export function withoutMessage(
  words: string,
  { recipient, text }: { readonly recipient: string; readonly text: string },
): string {
  const tail = recipient.slice(-numberTail)
  const unnumbered = words.replaceAll(numberPattern, (found) =>
    found.replaceAll(/\D/g, '').endsWith(tail) ? withheldNumber : found,
  )
  let withheld = withoutFragments(unnumbered, text)
  for (const code of new Set(text.match(codePattern))) {
    withheld = withheld.replaceAll(code, withheldText)
  }
  return withheld
}

/** Without the text when it is there as a whole, and without any longer piece of it. */
function withoutFragments(words: string, text: string): string {
  const size = Math.min(fragmentLengthMin, text.length)
  if (text.trim().length < 2) return words
  let kept = ''
  let start = 0
  while (start < words.length) {
    let end = start + size
    if (end > words.length || !text.includes(words.slice(start, end))) {
      kept += words[start] ?? ''
      start++
      continue
    }
    while (end < words.length && text.includes(words.slice(start, end + 1))) end++
    kept += withheldText
    start = end
  }
  return kept
}
