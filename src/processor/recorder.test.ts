import { describe, expect, test } from 'bun:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { eventually } from '../../tests/support/eventually.ts'
import { createProcessorMetrics } from './processor-metrics.ts'
import { createRecorder } from './recorder.ts'

/** A recorder over a queue that is away for its first `awayFor` acknowledgements. */
function setup(awayFor: number) {
  const acknowledged: string[] = []
  let attempts = 0
  const recorder = createRecorder({
    store: { settleSent: async () => [], settleUnsent: async () => [] },
    queue: {
      acknowledge: async (_lane, receipts) => {
        if (++attempts <= awayFor) throw new Error('the queue is away')
        acknowledged.push(...receipts)
      },
    },
    reportTimeoutMs: 60_000,
    tracing: null,
    metrics: createProcessorMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
    isDataFault: () => false,
    recordSignal: new AbortController().signal,
  })
  return { recorder, acknowledged, attempts: () => attempts }
}

describe('acknowledging while the queue is away', () => {
  test('is tried until it is back, so that no entry stays behind', async () => {
    const { recorder, acknowledged } = setup(2)
    recorder.acknowledge('normal', '1-1')
    await eventually(() => acknowledged.includes('1-1'), { what: 'it is acknowledged' })
  })

  test('does not keep the recorder from closing', async () => {
    const { recorder, acknowledged, attempts } = setup(Number.POSITIVE_INFINITY)
    recorder.acknowledge('normal', '1-1')
    await eventually(() => attempts() > 0, { what: 'it is tried' })
    await recorder.close()
    expect(acknowledged).toEqual([])
  })
})
