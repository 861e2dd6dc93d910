/** A customer's own words for stopping, starting and help. */
import { z } from 'zod'
import type { InboundAction } from '../domain/inbound-message.ts'
import { actionOf, foldWord, wordLengthMax, wordsMax } from '../domain/inbound-words.ts'
import { mustBe } from './fields.ts'

const wordRule = mustBe(
  `a word or a few, of 1 to ${wordLengthMax} characters without what stands around them`,
)

function wordsField(action: InboundAction) {
  const rule = mustBe(`an array of at most ${wordsMax} words`)
  const word = z
    .string({ error: wordRule })
    .overwrite(foldWord)
    .min(1, { error: wordRule })
    .max(wordLengthMax, { error: wordRule })
    .refine((folded) => (actionOf(folded) ?? action) === action, {
      error: 'must not be a word that means something else for everybody',
    })
  return z.array(word, { error: rule }).max(wordsMax, { error: rule })
}

const rule = { error: mustBe('an object with stop, start and help') }

export const optOutWordsField = z
  .strictObject(
    {
      stop: wordsField('stop').optional(),
      start: wordsField('start').optional(),
      help: wordsField('help').optional(),
    },
    rule,
  )
  .superRefine(({ stop = [], start = [], help = [] }, context) => {
    for (const [name, words, others] of [
      ['start', start, stop],
      ['help', help, [...stop, ...start]],
    ] as const) {
      words.forEach((word, index) => {
        if (!others.includes(word)) return
        const message = 'must not be a word of another list too'
        context.addIssue({ code: 'custom', path: [name, index], message })
      })
    }
  })
  .meta({
    description:
      'Words of its own, beside those of everybody, that mean stop, start or help when they are all of a message. Compared without case, and without what stands around them.',
    examples: [{ stop: ['basta'], start: ['encore'] }],
  })
