import { describe, expect, test } from 'bun:test'
import {
  actionOf,
  foldText,
  foldWord,
  isKeyword,
  wordPunctuation,
  wordsOfActions,
} from './inbound-words.ts'

describe('folding', () => {
  test.each([
    ['STOP', 'stop'],
    ['  Stop!! ', 'stop'],
    ['"stop".', 'stop'],
    ['“Stop”', 'stop'],
    ['Stop\n', 'stop'],
    ['ＳＴＯＰ', 'stop'],
    ['Stop\u00a0All', 'stop all'],
    ['stop \t\r\n all?', 'stop all'],
    ['st\u200bop\ufeff', 'stop'],
    ['Opt-Out', 'opt-out'],
    ['ARRE\u0302T', 'arrêt'],
    ['please stop', 'please stop'],
    ['…', ''],
    ['', ''],
  ])('%j is %j', (text, word) => {
    expect(foldWord(text)).toBe(word)
  })

  test('of parts, put together, is that of the whole', () => {
    const text = 'Ärger, “STOP ALL” ＦＵＬＬ €'
    for (let at = 0; at <= text.length; at++) {
      const joined = foldText(text.slice(0, at)) + foldText(text.slice(at))
      expect(joined.replaceAll(/ +/g, ' ')).toBe(foldText(text))
    }
  })
})

describe('the words of everybody', () => {
  test('are folded, each of one action', () => {
    const all = Object.values(wordsOfActions).flat()
    expect(new Set(all).size).toBe(all.length)
    for (const word of all) expect(foldWord(word)).toBe(word)
  })

  test.each([
    ['stop', 'stop'],
    ['unstop', 'start'],
    ['help', 'help'],
    ['stop it', null],
    ['', null],
  ] as const)('%j asks for %j', (word, action) => {
    expect(actionOf(word)).toBe(action)
  })
})

describe('a keyword', () => {
  test.each(['SHOP', 'Café!', '7', 'x'.repeat(32)])('may be %j', (keyword) => {
    expect(isKeyword(keyword)).toBe(true)
  })
  test.each(['', ' ', '!?', 'two words', 'x'.repeat(33), '\u200b'])('cannot be %j', (keyword) => {
    expect(isKeyword(keyword)).toBe(false)
  })
})

test('what stands around a word is ASCII, as SQL trims it', () => {
  expect(wordPunctuation).toMatch(/^[!-~]+$/)
})
