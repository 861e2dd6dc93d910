/** Relations between settings, each with the reason why it must hold. */
import { dayMs } from '../domain/duration.ts'
import { scheduleAheadMsMax } from '../domain/message.ts'
import { insertDelayMsMax } from '../domain/message-id.ts'
import { jitterShare } from '../domain/webhook-schedule.ts'
import type { Config } from './config-shape.ts'
import type { Fault } from './fault.ts'
import { providers, providersFile } from './keys/provider-keys.ts'
import type { Role } from './role.ts'

export interface Rule {
  /** The setting that is blamed. */
  readonly name: string
  /** What else it is about: while one of these is at fault itself, the rule is not looked at. */
  readonly others: readonly string[]
  /** Continues the name to a sentence. */
  readonly sentence: string
  readonly holds: (config: Config, role: Role) => boolean
  /** What was given, in the order of the sentence. */
  readonly given?: (config: Config) => string
}

/** Between the end of a submit and the end of its claim: time to record what became of it. */
const settleMarginMs = 5_000
/** Of a claim's lease, the part in which it may still fail over to another provider. */
export const roundShareOfLease = 0.5

const shortForms = Object.values(providers)
const fileName = providersFile.name

export const rules: readonly Rule[] = [
  {
    name: 'PUBLIC_URL',
    others: ['APP_ADDR'],
    sentence:
      'must be set to a port that is known: with port 0 providers have nowhere to send their delivery reports',
    holds: ({ publicUrl }) => new URL(publicUrl).port !== '0',
    given: ({ publicUrl }) => publicUrl,
  },
  {
    name: 'PROCESSES',
    others: [],
    sentence: 'must be 1 for standalone, which runs in one process',
    holds: ({ processes }, role) => processes === 1 || role !== 'standalone',
    given: ({ processes }) => `${processes}`,
  },
  {
    name: 'OPERATOR_ADDR',
    others: ['APP_ADDR', ...shortForms.map(({ url }) => url.name), fileName],
    sentence:
      'must have another port than APP_ADDR: without a provider standalone has its mock operator there',
    holds: ({ appAddress, operatorAddress, providers }, role) =>
      role !== 'standalone' ||
      providers.length > 0 ||
      operatorAddress.port === 0 ||
      operatorAddress.port !== appAddress.port,
    given: ({ operatorAddress }) => `both are ${operatorAddress.port}`,
  },
  {
    name: 'QUEUE_EXPRESS_NAME',
    others: ['QUEUE_NAME'],
    sentence: 'must differ from QUEUE_NAME and from the names of its shares, which begin with it',
    holds: ({ streams: { normal, express } }) =>
      express !== normal && !express.startsWith(`${normal}:share-`),
    given: ({ streams }) =>
      `${JSON.stringify(streams.express)} and ${JSON.stringify(streams.normal)}`,
  },
  {
    name: 'PROCESSOR_PERMITS_EXPRESS_RESERVED',
    others: ['PROCESSOR_PERMITS_MAX'],
    sentence: 'must be below PROCESSOR_PERMITS_MAX, or normal messages are never sent',
    holds: ({ processing }) => processing.permitsExpressReserved < processing.permitsMax,
    given: ({ processing }) => `${processing.permitsExpressReserved} and ${processing.permitsMax}`,
  },
  {
    name: 'RETRY_BACKOFF_BASE_MS',
    others: ['RETRY_BACKOFF_MAX_MS'],
    sentence: 'must not be above RETRY_BACKOFF_MAX_MS',
    holds: ({ processing }) => processing.retryBackoffBaseMs <= processing.retryBackoffMsMax,
    given: ({ processing }) =>
      `${processing.retryBackoffBaseMs} and ${processing.retryBackoffMsMax}`,
  },
  {
    name: 'CIRCUIT_OPEN_MS',
    others: ['CIRCUIT_OPEN_MS_MAX'],
    sentence: 'must not be above CIRCUIT_OPEN_MS_MAX',
    holds: ({ circuit }) => circuit.openMs <= circuit.openMsMax,
    given: ({ circuit }) => `${circuit.openMs} and ${circuit.openMsMax}`,
  },
  {
    name: 'CLAIM_LEASE_MS',
    others: [...shortForms.flatMap(({ url, timeoutMs }) => [url.name, timeoutMs.name]), fileName],
    sentence: `must be at least twice the sum of ${settleMarginMs} and the longest time limit of a provider (half of the lease is for failing over, the rest for the last submit and its record), or claims that are alive count as lost and messages are sent twice`,
    holds: (config) => config.processing.claimLeaseMs >= leaseMsMin(config),
    given: (config) => `${config.processing.claimLeaseMs}, where ${leaseMsMin(config)} are needed`,
  },
  {
    name: 'QUEUE_RECLAIM_IDLE_MS',
    others: ['CLAIM_LEASE_MS'],
    sentence: 'must be above CLAIM_LEASE_MS, or entries are taken from consumers that are alive',
    holds: ({ processing }) => processing.reclaimIdleMs > processing.claimLeaseMs,
    given: ({ processing }) => `${processing.reclaimIdleMs} and ${processing.claimLeaseMs}`,
  },
  {
    name: 'SWEEP_GRACE_MS',
    others: ['POSTGRES_STATEMENT_TIMEOUT_MS'],
    sentence: `must exceed POSTGRES_STATEMENT_TIMEOUT_MS by more than ${insertDelayMsMax}, or the sweep passes messages that are still being committed`,
    holds: ({ processing, postgres }) =>
      processing.sweepGraceMs > postgres.statementTimeoutMs + insertDelayMsMax,
    given: ({ processing, postgres }) =>
      `${processing.sweepGraceMs} and ${postgres.statementTimeoutMs}`,
  },
  {
    name: 'RETENTION_DAYS',
    others: ['MESSAGE_VALIDITY_MS', 'REPORT_TIMEOUT_MS'],
    sentence:
      'must be a day longer than MESSAGE_VALIDITY_MS, REPORT_TIMEOUT_MS and the 7 days for which a message may be scheduled together, or messages are dropped before they are final',
    holds: (config) => config.processing.retentionDays >= retentionDaysMin(config),
    given: (config) =>
      `${config.processing.retentionDays}, where ${retentionDaysMin(config)} are needed`,
  },
  {
    name: 'WEBHOOK_ENDPOINT_CONCURRENCY_MAX',
    others: ['WEBHOOK_CONCURRENCY_MAX'],
    sentence: 'must be below WEBHOOK_CONCURRENCY_MAX, or one endpoint keeps all others waiting',
    holds: ({ webhooks }) => webhooks.endpointConcurrencyMax < webhooks.concurrencyMax,
    given: ({ webhooks }) => `${webhooks.endpointConcurrencyMax} and ${webhooks.concurrencyMax}`,
  },
  {
    name: 'WEBHOOK_RETENTION_DAYS',
    others: ['WEBHOOK_RETRY_SCHEDULE_S'],
    sentence:
      'must be longer than all waits of WEBHOOK_RETRY_SCHEDULE_S together and a fifth more, or webhooks are removed before their last attempt',
    holds: ({ webhooks }) => webhooks.retentionDays > scheduleDays(webhooks),
    given: ({ webhooks }) => `${webhooks.retentionDays}, and ${scheduleDays(webhooks).toFixed(1)}`,
  },
  {
    name: shortForms[0]?.url.name ?? fileName,
    others: [...shortForms.map(({ url }) => url.name), fileName],
    sentence: `or another provider's URL, or ${fileName}, must be set: a processor needs at least one provider`,
    holds: ({ providers }, role) => role !== 'processor' || providers.length > 0,
  },
  {
    name: shortForms[0]?.weight.name ?? fileName,
    others: [...shortForms.flatMap(({ url, weight }) => [url.name, weight.name]), fileName],
    sentence: "or another provider's weight must be above 0, or no message has anywhere to go",
    holds: ({ providers }) => providers.length === 0 || providers.some(({ weight }) => weight > 0),
  },
]

function retentionDaysMin({ accept, processing }: Config): number {
  const longestMs = scheduleAheadMsMax + accept.messageValidityMs + processing.reportTimeoutMs
  return Math.ceil(longestMs / dayMs) + 1
}

function scheduleDays({ retryScheduleS }: Config['webhooks']): number {
  const longestS = retryScheduleS.reduce((sum, waitS) => sum + waitS * (1 + jitterShare), 0)
  return (longestS * 1_000) / dayMs
}

function leaseMsMin({ providers }: Config): number {
  const slowest = providers.reduce((most, { timeoutMs }) => Math.max(most, timeoutMs), 0)
  return Math.ceil((slowest + settleMarginMs) / (1 - roundShareOfLease))
}

/** The rules that do not hold; those about a setting in `atFault` are left out. */
export function ruleFaults(config: Config, role: Role, atFault: ReadonlySet<string>): Fault[] {
  return rules
    .filter(({ name, others }) => ![name, ...others].some((setting) => atFault.has(setting)))
    .filter(({ holds }) => !holds(config, role))
    .map(({ name, sentence, given }) => {
      const was = given === undefined ? '' : ` (${given(config)})`
      return { name, detail: `${sentence}${was}` }
    })
}
