/**
 * More than can be sent at once: normal messages in batches build up a backlog, while express messages come one by one, during
 * the burst and as long again while the backlog drains. Overload may be answered, with 503 or 429; nothing else may fail.
 */
import * as http from 'k6/http'
import { rate, seconds } from './run-settings.ts'
import { message, submit, submitBatch } from './submits.ts'

const batchSize = 100
const expressRate = 20

export const options = {
  scenarios: {
    normal: {
      executor: 'constant-arrival-rate',
      exec: 'submitNormal',
      rate: Math.max(1, Math.round(rate / batchSize)),
      timeUnit: '1s',
      duration: `${seconds}s`,
      preAllocatedVUs: 100,
    },
    express: {
      executor: 'constant-arrival-rate',
      exec: 'submitExpress',
      rate: expressRate,
      timeUnit: '1s',
      duration: `${seconds * 2}s`,
      preAllocatedVUs: 40,
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    'dropped_iterations{scenario:express}': ['count==0'],
    'http_req_duration{lane:express}': ['p(99)<250'],
  },
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max'],
}

const batch = Array.from({ length: batchSize }, () => message)

http.setResponseCallback(http.expectedStatuses(202, 429, 503))

export function submitNormal(): void {
  submitBatch(batch)
}

export function submitExpress(): void {
  submit('express')
}
