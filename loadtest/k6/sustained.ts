/** A steady rate, open loop: a slow answer does not slow the load, so that latency is what a client would see. */
import { rate, seconds } from './run-settings.ts'
import { submit } from './submits.ts'

export const options = {
  scenarios: {
    sustained: {
      executor: 'constant-arrival-rate',
      exec: 'submitOne',
      rate,
      timeUnit: '1s',
      duration: `${seconds}s`,
      // Answers may take 250 ms before a request comes late.
      preAllocatedVUs: Math.max(10, Math.ceil(rate / 4)),
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    'http_req_duration{name:accept}': ['p(99)<25'],
    dropped_iterations: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(90)', 'p(99)', 'p(99.9)', 'max'],
}

export function submitOne(): void {
  submit('normal')
}
