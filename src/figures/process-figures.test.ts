import { expect, test } from 'bun:test'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { collectFigures } from './process-figures.ts'

test('tells the chosen metrics, added up over the labels that are not told apart', async () => {
  const registry = new Registry()
  const registers = [registry]
  const submitted = new Counter({
    name: 'sms_submitted_total',
    help: 'x',
    labelNames: ['lane', 'provider', 'outcome'],
    registers,
  })
  submitted.inc({ lane: 'normal', provider: 'a', outcome: 'taken' }, 3)
  const refused = new Counter({
    name: 'sms_refused_total',
    help: 'x',
    labelNames: ['reason'],
    registers,
  })
  refused.inc({ reason: 'invalid' }, 2)
  refused.inc({ reason: 'database' })
  new Gauge({ name: 'sms_other', help: 'x', registers }).set(5)
  const duration = new Histogram({
    name: 'sms_accept_duration_seconds',
    help: 'x',
    labelNames: ['kind'],
    buckets: [1, 2],
    registers,
  })
  duration.observe({ kind: 'single' }, 0.5)
  duration.observe({ kind: 'batch' }, 1.5)
  duration.observe({ kind: 'batch' }, 9)
  expect(await collectFigures(registry)).toEqual({
    values: { 'sms_submitted_total|normal|a|taken': 3, sms_refused_total: 3 },
    histograms: { sms_accept_duration_seconds: [1, 2, 3] },
  })
})
