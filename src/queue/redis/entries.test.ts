import { expect, test } from 'bun:test'
import { corruptValueLengthMax, itemsByStream, parseEntries } from './entries.ts'

const id = '01890a5d-ac96-774b-bcce-b302099a8057'

test('entries are told from corrupt ones and from what was deleted', () => {
  const items = [
    ['1-1', ['id', id]],
    null,
    ['1-2', null],
    ['1-3', ['id', id.toUpperCase()]],
    ['1-4', ['x', '1', 'y', '2']],
    ['1-5', ['x', 'id', 'id', id]],
    ['1-6', []],
  ]
  expect(parseEntries(items)).toEqual({
    entries: [
      { receipt: '1-1', id, share: 0 },
      { receipt: '1-5', id, share: 0 },
    ],
    corrupt: [
      { entryId: '1-3', reason: 'not a message id', value: `id ${id.toUpperCase()}` },
      { entryId: '1-4', reason: 'no field "id"', value: 'x 1 y 2' },
      { entryId: '1-6', reason: 'no field "id"', value: '' },
    ],
  })
})

test('little is kept of a large corrupt entry', () => {
  const fields = Array.from({ length: 1_000 }, () => 'v'.repeat(10_000))
  const [corrupt] = parseEntries([['1-1', fields]]).corrupt
  expect(corrupt?.value).toHaveLength(corruptValueLengthMax)
})

test('a receipt tells the share', () => {
  expect(parseEntries([['1-1', ['id', id]]], 3).entries).toEqual([
    { receipt: '3/1-1', id, share: 3 },
  ])
})

test('a reply of a read is the items of its streams, or nothing', () => {
  const items = [['1-1', ['id', id]]]
  expect(
    itemsByStream([
      ['a', items],
      ['b', null],
      ['c', []],
    ]),
  ).toEqual([
    ['a', items],
    ['c', []],
  ])
  expect(itemsByStream(null)).toEqual([])
  expect(itemsByStream([])).toEqual([])
})
