import { expect, test } from 'bun:test'
import { corruptValueLengthMax, itemsOfRead, parseEntries } from './entries.ts'

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
      { receipt: '1-1', id },
      { receipt: '1-5', id },
    ],
    corrupt: [
      { receipt: '1-3', reason: 'not a message id', value: `id ${id.toUpperCase()}` },
      { receipt: '1-4', reason: 'no field "id"', value: 'x 1 y 2' },
      { receipt: '1-6', reason: 'no field "id"', value: '' },
    ],
  })
})

test('little is kept of a large corrupt entry', () => {
  const fields = Array.from({ length: 1_000 }, () => 'v'.repeat(10_000))
  const [corrupt] = parseEntries([['1-1', fields]]).corrupt
  expect(corrupt?.value).toHaveLength(corruptValueLengthMax)
})

test('a reply of a read is the items of its only stream, or nothing', () => {
  expect(itemsOfRead([['stream', [['1-1', ['id', id]]]]])).toEqual([['1-1', ['id', id]]])
  expect(itemsOfRead(null)).toBeNull()
  expect(itemsOfRead([])).toBeNull()
})
