import { expect, test } from 'bun:test'
import { gsm7Length } from './gsm7.ts'
import { smartEncode } from './smart-encoding.ts'

test('what has a twin is replaced, and told', () => {
  expect(smartEncode('“Don’t” — it’s 5 €…')).toEqual({
    text: '"Don\'t" - it\'s 5 €...',
    replaced: [
      { from: '“', to: '"', count: 1 },
      { from: '’', to: "'", count: 2 },
      { from: '”', to: '"', count: 1 },
      { from: '—', to: '-', count: 1 },
      { from: '…', to: '...', count: 1 },
    ],
  })
  expect(gsm7Length(smartEncode('façade\t').text)).toBe(7)
})

test.each(['plain', 'Grüße, Ärger & 10 €', ''])('%p needs nothing', (text) => {
  expect(smartEncode(text)).toEqual({ text, replaced: [] })
})

test.each(['“hello” 😀', 'привет…', '\u200b'])('%p would be changed for nothing', (text) => {
  expect(smartEncode(text)).toEqual({ text, replaced: [] })
})
