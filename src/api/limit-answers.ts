/** What a client is told of its limits: the headers of draft-ietf-httpapi-ratelimit-headers, and the problems of 429. */
import { isGuarding, type LimitCounter } from '../domain/traffic-limits.ts'
import type { Problem } from './problems.ts'

export interface CounterState {
  readonly counter: LimitCounter
  readonly left: number
  readonly endsInMs: number
}

const noHeaders: Readonly<Record<string, string>> = {}

/** The value of `RateLimit-Policy`. */
export function policyOf(quotas: readonly LimitCounter[]): string {
  return quotas.map(({ name, limit, windowS }) => `"${name}";q=${limit};w=${windowS}`).join(', ')
}

/** None where there are no quotas. @param states of the quotas that the policy is of */
export function limitHeaders(
  policy: string,
  states: readonly CounterState[],
): Readonly<Record<string, string>> {
  if (states.length === 0) return noHeaders
  let now = ''
  for (const { counter, left, endsInMs } of states) {
    now += `${now === '' ? '' : ', '}"${counter.name}";r=${left};t=${seconds(endsInMs)}`
  }
  return { 'ratelimit-policy': policy, ratelimit: now }
}

/** @param full what it does not fit into */
export function limitProblem(
  full: readonly CounterState[],
  headers: Readonly<Record<string, string>>,
): Problem {
  const guards = full.filter(({ counter }) => isGuarding(counter.name))
  const told = guards.length > 0 ? guards : full
  const retryAfterS = Math.max(1, ...full.map(({ endsInMs }) => seconds(endsInMs)))
  const rules = told.map(
    ({ counter: { name, limit, windowS } }) => `"${name}" (${limit} messages in ${windowS} s)`,
  )
  const words =
    guards.length > 0
      ? 'This looks like traffic for the sake of its fees; it is beyond'
      : 'This is beyond'
  return {
    kind: guards.length > 0 ? 'abnormal-usage' : 'quota-exceeded',
    detail: `${words} ${rules.join(' and ')}: send it again in ${retryAfterS} s.`,
    headers: { ...headers, 'retry-after': String(retryAfterS) },
    extensions: { 'violated-policies': told.map(({ counter }) => counter.name) },
  }
}

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1_000))
}
