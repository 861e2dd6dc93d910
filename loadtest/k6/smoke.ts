/** Every way in and out once a round, at a rate that any server takes: do the paths, the fields and the faults hold? */
import { check } from 'k6'
import * as http from 'k6/http'
import { apiUrl, phone, rate, seconds } from './run-settings.ts'
import { message, submit, submitBatch } from './submits.ts'

const messagesPerRound = 5

export const options = {
  scenarios: {
    smoke: {
      executor: 'constant-arrival-rate',
      exec: 'lookAround',
      rate: Math.max(1, Math.round(rate / messagesPerRound)),
      timeUnit: '1s',
      duration: `${seconds}s`,
      preAllocatedVUs: 20,
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
  },
}

const faulty = http.expectedStatuses(422)
const headers = { 'content-type': 'application/json' }

export function lookAround(): void {
  const ids = [submit('normal'), submit('express')]
  ids.push(...submitBatch([message, { ...message, lane: 'express' }, message]))
  check(ids, {
    'every message is accepted': () => ids.length === messagesPerRound && !ids.includes(null),
  })
  lookAt(ids[0] ?? '')
  refuseFaulty()
}

interface Shown {
  readonly id: string
  readonly phone: string
  readonly lane: string
}

function lookAt(id: string): void {
  const shown = http.get(`${apiUrl}/api/v1/messages/${id}`).json() as Shown
  check(shown, {
    'an accepted message can be read at once': () => shown.id === id,
    'it is the one that was sent': () => shown.phone === phone && shown.lane === 'normal',
  })
  const reports = http.get(`${apiUrl}/api/v1/messages/${id}/delivery-reports`)
  check(reports.json() as { delivery_reports: unknown }, {
    'it has a list of delivery reports': ({ delivery_reports }) => Array.isArray(delivery_reports),
  })
}

function refuseFaulty(): void {
  const body = JSON.stringify({ ...message, phone: 'nobody' })
  const params = { headers, responseCallback: faulty }
  const refused = http.post(`${apiUrl}/api/v1/messages`, body, params)
  check(refused, {
    'a faulty message is refused with its faults': () =>
      refused.status === 422 && (refused.json() as { errors: unknown[] }).errors.length === 1,
  })
}
