import { describe, expect, test } from 'bun:test'
import { beginBatch, parseTraceparent, type SpanOptions, traceparentOf, within } from './tracing.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

describe('a traceparent', () => {
  test('is read, and written the same', () => {
    const text = `00-${traceId}-${spanId}-01`
    const context = parseTraceparent(text)
    expect(context).toEqual({ traceId, spanId, isSampled: true })
    expect(context === null ? null : traceparentOf(context)).toBe(text)
  })

  test.each([
    ['not sampled', `00-${traceId}-${spanId}-00`, false],
    ['with other flags', `00-${traceId}-${spanId}-03`, true],
    ['of a later version', `cc-${traceId}-${spanId}-01-what-the-future-holds`, true],
  ])('may be %s', (_, text, isSampled) => {
    expect(parseTraceparent(text)?.isSampled).toBe(isSampled)
  })

  test.each([
    ['none', null],
    ['empty', ''],
    ['of the forbidden version', `ff-${traceId}-${spanId}-01`],
    ['longer than its version', `00-${traceId}-${spanId}-01-x`],
    ['in capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['of no trace', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['of no span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['cut off', `00-${traceId}-${spanId}`],
    ['something else', 'x'.repeat(10_000)],
  ])('that is %s is none', (_, text) => {
    expect(parseTraceparent(text)).toBeNull()
  })
})

function recording() {
  const begun: [string, SpanOptions][] = []
  const ended: (string | undefined)[] = []
  const span = { traceparent: 't', traceId, spanId, set: () => undefined }
  return {
    begun,
    ended,
    tracing: {
      isSampled: () => true,
      begin(name: string, options: SpanOptions) {
        begun.push([name, options])
        return { ...span, end: (error?: string) => void ended.push(error) }
      },
    },
  }
}

describe('a batch', () => {
  test('is linked to the messages that are traced, and is no span without any', () => {
    const { begun, tracing } = recording()
    expect(beginBatch(null, 'b', [{ traceparent: 'a' }])).toBeNull()
    expect(beginBatch(tracing, 'b', [{}, { traceparent: null }])).toBeNull()
    expect(
      beginBatch(tracing, 'b', [{}, { traceparent: 'a' }, { traceparent: 'c' }], 5),
    ).not.toBeNull()
    expect(begun).toEqual([
      [
        'b',
        {
          kind: 'internal',
          links: ['a', 'c'],
          attributes: { 'messaging.batch.message_count': 3 },
          startedAtMs: 5,
        },
      ],
    ])
  })

  test('of very many has no more links than it may', () => {
    const { begun, tracing } = recording()
    beginBatch(tracing, 'b', new Array(1_000).fill({ traceparent: 'a' }))
    expect(begun[0]?.[1].links).toHaveLength(128)
  })

  test('ends with what is done within it, and with how that failed', async () => {
    const { ended, tracing } = recording()
    const begin = () => beginBatch(tracing, 'b', [{ traceparent: 'a' }])
    expect(await within(null, async () => 1)).toBe(1)
    expect(await within(begin(), async () => 2)).toBe(2)
    const failing = within(begin(), async () => {
      throw new TypeError('the text of a message')
    })
    expect(failing).rejects.toThrow('the text of a message')
    await failing.catch(() => undefined)
    expect(ended).toEqual([undefined, 'TypeError'])
  })
})
