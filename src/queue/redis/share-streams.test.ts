import { expect, test } from 'bun:test'
import { entryIdsByShare, receiptOf, shareStream } from './share-streams.ts'

test('the first share is the stream that a lane had before it had shares', () => {
  expect([shareStream('sms', 0), shareStream('sms', 1)]).toEqual(['sms', 'sms:share-1'])
  expect([receiptOf(0, '1-1'), receiptOf(4, '1-1')]).toEqual(['1-1', '4/1-1'])
})

test('receipts go back to their shares; what is none goes nowhere', () => {
  const receipts = ['1-1', '2/1-1', '1-2', '2/1-3', '9/1-1', 'x/1-1']
  expect(entryIdsByShare(receipts, 3)).toEqual([['1-1', '1-2'], [], ['1-1', '1-3']])
  expect(entryIdsByShare([], 1)).toEqual([[]])
})
