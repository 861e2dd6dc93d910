/**
 * Submitting messages from k6. Every id that is accepted is written to k6's console output, which the runner reads to verify
 * each of them, and counted in `messages_accepted`, which tells whether that output is complete.
 */
import { check } from 'k6'
import * as http from 'k6/http'
import { Counter } from 'k6/metrics'
import { apiUrl, phone } from './run-settings.ts'

export type Lane = 'normal' | 'express'

const messagesUrl = `${apiUrl}/api/v1/messages`
const urls: Readonly<Record<Lane, string>> = {
  normal: messagesUrl,
  express: `${messagesUrl}/express`,
}
const headers = { 'content-type': 'application/json' }
const accepted = new Counter('messages_accepted')

export const message = { phone, message: 'A message of the load test', customer_id: 1 }
const messageJson = JSON.stringify(message)

/** Answers and their parts, as far as they are looked at. */
interface Accepted {
  readonly id?: string
}
interface BatchItem extends Accepted {
  readonly error?: { readonly status?: number }
}

/** Submits one message; its id, or null when it was not accepted. */
export function submit(lane: Lane): string | null {
  const tags = { name: 'accept', lane }
  const response = http.post(urls[lane], messageJson, { headers, tags })
  if (response.status !== 202) {
    checkRefusal(response)
    return null
  }
  const { id } = response.json() as Accepted
  if (!check(id, { 'an accepted message has an id': (value) => value !== undefined })) return null
  record([id as string])
  return id as string
}

/** Submits many messages in one request; the ids of those that were accepted. */
export function submitBatch(messages: readonly object[]): string[] {
  const body = JSON.stringify({ messages })
  const tags = { name: 'accept batch' }
  const response = http.post(`${messagesUrl}/batch`, body, { headers, tags })
  if (response.status !== 202) {
    checkRefusal(response)
    return []
  }
  const items = (response.json() as { messages: BatchItem[] }).messages
  check(items, {
    'a batch answers every message': ({ length }) => length === messages.length,
    'a refused message of a batch says 503': () =>
      items.every(({ id, error }) => id !== undefined || error?.status === 503),
  })
  const ids = items.flatMap(({ id }) => (id === undefined ? [] : [id]))
  record(ids)
  return ids
}

function record(ids: readonly string[]): void {
  accepted.add(ids.length)
  console.log(ids.join(' '))
}

/** Overload is an answer, and tells when to come back; anything else is a fault, counted by k6 as a failed request. */
function checkRefusal(response: http.Response): void {
  if (response.status !== 503 && response.status !== 429) return
  check(response, {
    'a refusal says when to come back': ({ headers }) => Number(headers['Retry-After']) > 0,
  })
}
