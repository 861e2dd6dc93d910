import { describe, expect, test } from 'bun:test'
import { parseOptOuts } from './opt-out-file.ts'

const [first, second] = [
  { phone: '+491701234567', senderId: null },
  { phone: '+491701234568', senderId: 'Acme' },
]

describe('a file of opt-outs', () => {
  test.each([
    [
      'an export in CSV',
      'customer_id,phone,sender_id,source,since\n1,+491701234567,,api,2026-01-31T12:00:00.000Z\n1,+491701234568,Acme,api,x\n',
    ],
    [
      'numbers and senders, in quotes, with CRLF',
      'phone,sender_id\r\n"+491701234567",""\r\n+491701234568,"Acme"',
    ],
    [
      'a byte order mark and empty lines',
      '\ufeff\nsender_id,phone\n\n,+491701234567\nAcme,+491701234568\n\n',
    ],
    [
      'an export in JSON',
      '{"customer_id":1,"phone":"+491701234567","sender_id":null,"source":"api"}\n{"phone":"+491701234568","sender_id":"Acme"}\n',
    ],
  ])('%s', (_, text) => {
    expect(parseOptOuts(text)).toEqual({ optOuts: [first, second] as never, faults: [] })
  })

  test('with faults has each of them, with its line', () => {
    const csv = 'phone,sender_id\n+491701234567,\n0170,\n+491701234568,???\n,\n'
    expect(parseOptOuts(csv).faults).toEqual([
      expect.stringMatching(/^line 3: phone must be /),
      expect.stringMatching(/^line 4: sender_id must be /),
      expect.stringMatching(/^line 5: phone must be /),
    ])
    expect(parseOptOuts('{"phone":"+491701234567"}\n{"phone"\n7').faults).toEqual([
      expect.stringMatching(/^line 2: /),
      expect.stringMatching(/^line 3: /),
    ])
    expect(parseOptOuts('number\n+491701234567').faults).toHaveLength(1)
    expect(parseOptOuts('')).toEqual({ optOuts: [], faults: [] })
  })
})
