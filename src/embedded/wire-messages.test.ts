import { describe, expect, test } from 'bun:test'
import {
  closeStatementMessage,
  queryMessage,
  type Request,
  RequestReader,
  syncMessage,
  WireError,
} from './wire-messages.ts'

function startup(code: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes.writeInt32BE(9, 0)
  bytes.writeInt32BE(code, 4)
  return bytes
}

function typed(type: string, body = ''): Buffer {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`)
  bytes.writeInt32BE(bytes.length - 1, 1)
  return bytes
}

const START = startup(196608)

/** All requests in `bytes`, which come in chunks of `size`. */
function read(bytes: Buffer, size: number, reader = new RequestReader()): Request[] {
  const requests: Request[] = []
  for (let offset = 0; offset < bytes.length; offset += size) {
    reader.push(bytes.subarray(offset, offset + size))
    for (let next = reader.next(); next !== undefined; next = reader.next()) requests.push(next)
  }
  return requests
}

describe('requests', () => {
  const extended = Buffer.concat([
    typed('P', 'a\0SELECT 1\0'),
    typed('B', '\0a\0'),
    typed('E', '\0'),
  ])
  const flushed = Buffer.concat([typed('P', '\0SELECT $1\0'), typed('H')])
  const large = queryMessage('x'.repeat(20_000))
  const stream = Buffer.concat([START, extended, syncMessage, flushed, syncMessage, large])

  test.each([1, 3, 7, 8192, stream.length])('are cut alike from chunks of %d', (size) => {
    expect(read(stream, size)).toEqual([
      { kind: 'messages', bytes: START, endsTurn: true },
      { kind: 'messages', bytes: Buffer.concat([extended, syncMessage]), endsTurn: true },
      { kind: 'messages', bytes: flushed, endsTurn: false },
      { kind: 'messages', bytes: syncMessage, endsTurn: true },
      { kind: 'messages', bytes: large, endsTurn: true },
    ])
  })

  test('a request is not given before its end', () => {
    expect(read(Buffer.concat([START, extended]), 100)).toHaveLength(1)
  })

  test('a terminate ends it', () => {
    expect(read(Buffer.concat([START, extended, typed('X')]), 100).at(-1)).toEqual({
      kind: 'terminate',
    })
  })

  test('encryption and cancel come before the start', () => {
    const stream = Buffer.concat([startup(80877103), startup(80877104), START])
    const kinds = read(stream, 5).map(({ kind }) => kind)
    expect(kinds).toEqual(['refuseEncryption', 'refuseEncryption', 'messages'])
    expect(read(startup(80877102), 5)).toEqual([{ kind: 'cancel' }])
  })
})

test.each([
  ['a start without end', Buffer.alloc(8, 0xff)],
  ['an enormous start', Buffer.from([0x7f, 0, 0, 0, 0, 3, 0, 0])],
  ['a message shorter than its length', Buffer.concat([START, Buffer.from([0x51, 0, 0, 0, 3])])],
  ['an enormous message', Buffer.concat([START, Buffer.from([0x51, 0x7f, 0, 0, 0])])],
])('refuses %s', (_, bytes) => {
  expect(() => read(bytes, 100)).toThrow(WireError)
})

test('a request of many messages is bounded as one is', () => {
  const reader = new RequestReader()
  read(START, 100, reader)
  const bind = typed('B', 'x'.repeat(16 * 1024 * 1024))
  expect(() => {
    for (let count = 0; count < 5; count += 1) read(bind, bind.length, reader)
  }).toThrow(WireError)
})

test('knows the statements that are prepared and not closed', () => {
  const reader = new RequestReader()
  const parses = ['a', '', 'b'].map((name) => typed('P', `${name}\0SELECT 1\0`))
  const closes = [closeStatementMessage('a'), typed('C', 'Pb\0')]
  read(Buffer.concat([START, ...parses, ...closes]), 4, reader)
  expect([...reader.statements]).toEqual(['b'])
})
