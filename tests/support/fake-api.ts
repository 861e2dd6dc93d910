/** For unit tests: the API over small in-memory fakes of the store and the queue. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { type Api, createApi } from '../../src/api/api.ts'
import type { ApiOptions } from '../../src/api/api-options.ts'
import type { Act, Actor } from '../../src/domain/audit.ts'
import type { CustomerProfile } from '../../src/domain/customer-settings.ts'
import type { Lane, MessageId, NewMessage } from '../../src/domain/message.ts'
import type { ProviderReport } from '../../src/domain/provider-report.ts'
import { createMemoryCounters, memoryCountersDefault } from '../../src/limits/memory-counters.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import type { KnownKey } from '../../src/store/api-keys.ts'
import { databaseErrorKind } from '../../src/store/database-errors.ts'
import type { StoredAnswer } from '../../src/store/idempotency-keys.ts'
import type { MessageFilter, StoredMessage, StoredReport } from '../../src/store/message-queries.ts'
import type { ProviderControl } from '../../src/store/provider-controls.ts'
import {
  controlsInto,
  customersUnchanged,
  lookUps,
  noAccounts,
  noDeadLetters,
  nothingChanges,
  noWebhooks,
  recordedInto,
} from './fake-administration.ts'
import { createFakeInbound, type FakeInbound } from './fake-inbound.ts'
import { fakeProviders, noRules } from './provider-settings.ts'

export interface FakeApi extends Omit<Api, 'fetch'> {
  /** From this machine, unless another address is given. */
  fetch(request: Request, peerAddress?: string): Response | Promise<Response>
  /** What was committed, in order. */
  readonly inserted: NewMessage[]
  /** What was enqueued, in order. */
  readonly enqueued: [Lane, MessageId][]
  readonly reports: ProviderReport[]
  /** What the audit log has. */
  readonly acts: (Act & Actor)[]
  /** The sizes of the batches they were stored in. */
  readonly reportBatches: number[]
  /** What listings asked for. */
  readonly listed: { filter: MessageFilter; before: MessageId | null; limit: number }[]
  readonly logLines: Record<string, unknown>[]
  readonly inbound: FakeInbound
  /** Answers of queries. */
  readonly known: {
    messages: StoredMessage[]
    reports: StoredReport[]
    controls: Map<string, ProviderControl>
    keys: Map<string, KnownKey>
    /** Of customers with anything particular; all others are known too. */
    profiles: Map<number, CustomerProfile>
    /** By scope and idempotency key. */
    answers: Map<string, StoredAnswer>
  }
  /** Thrown by the operation of that name while it is set. */
  readonly failures: {
    insert?: unknown
    append?: unknown
    queries?: unknown
    applyReports?: unknown
    controls?: unknown
    keys?: unknown
    profiles?: unknown
    findKeyed?: unknown
  }
  /** While set, commits wait for it. */
  hold: Promise<void> | null
  /** POSTs a value as JSON (a string as it is), GETs without one. */
  send(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  /** A metric's value with exactly these labels; 0 when it has none. */
  metric(name: string, labels?: Record<string, string>): Promise<number>
}

export const fakeSecret = 'a-secret-of-primary'
export const fakeAdminToken = 'an-admin-token'
export const controlledAt = new Date('2026-01-31T12:00:00.000Z')

/** What the driver throws for a SQLSTATE or a socket's failure. */
export function databaseError(code: string): Error {
  return Object.assign(new Error(`database says ${code}`), {
    code,
    detail: 'Failing row: top secret',
  })
}

export function createFakeApi(overrides: Partial<ApiOptions> = {}): FakeApi {
  const registry = new Registry()
  const logLines: Record<string, unknown>[] = []
  const logger = pino(
    { level: 'debug', formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => logLines.push(JSON.parse(line)) },
  )
  const fake: Omit<FakeApi, keyof Api | 'fetch'> = {
    inserted: [],
    enqueued: [],
    reports: [],
    acts: [],
    reportBatches: [],
    listed: [],
    logLines,
    inbound: { taken: [], optOuts: [], messages: [], questions: [] },
    known: {
      messages: [],
      reports: [],
      controls: new Map(),
      keys: new Map(),
      profiles: new Map(),
      answers: new Map(),
    },
    failures: {},
    hold: null,
    send,
    metric,
  }
  const { failures, known } = fake

  function failIf(name: keyof typeof failures): void {
    if (failures[name] !== undefined) throw failures[name]
  }

  const recorded = recordedInto(fake.acts, {
    ...nothingChanges,
    ...controlsInto(known.controls, controlledAt, () => failIf('controls')),
  })

  const api = createApi({
    store: {
      async insertMessages(messages) {
        if (fake.hold !== null) await fake.hold
        failIf('insert')
        fake.inserted.push(...messages)
      },
      async insertRequests(requests) {
        if (fake.hold !== null) await fake.hold
        failIf('insert')
        return requests.map((request) => {
          if (request.key !== null) {
            const place = `${request.scope} ${request.key}`
            if (known.answers.has(place)) return 'known'
            known.answers.set(place, request)
          }
          fake.inserted.push(...request.messages)
          return 'taken'
        })
      },
      async findKeyed(keys) {
        failIf('findKeyed')
        return keys.map(({ scope, key }) => known.answers.get(`${scope} ${key}`) ?? null)
      },
      async cancelMessage(id, customerId) {
        failIf('queries')
        const status = known.messages.find(isOf(id, customerId))?.status
        if (status === undefined) return null
        return status === 'scheduled' || status === 'queued' ? 'canceled' : status
      },
      async applyReports(reports) {
        failIf('applyReports')
        fake.reports.push(...reports)
        fake.reportBatches.push(reports.length)
        return {
          matched: reports.length,
          parked: 0,
          moved: [],
          traced: [],
          refused: new Set<number>(),
        }
      },
      measureParkedReports: async () => ({ count: 0, oldestAgeMs: 0 }),
      queries: {
        async get(id, customerId) {
          failIf('queries')
          return known.messages.find(isOf(id, customerId)) ?? null
        },
        async reports(id, customerId) {
          failIf('queries')
          return known.messages.some(isOf(id, customerId)) ? known.reports : null
        },
        async list(filter, before, limit) {
          failIf('queries')
          fake.listed.push({ filter, before, limit })
          const newestFirst = known.messages.toSorted((a, b) => (a.id < b.id ? 1 : -1))
          return newestFirst
            .filter((message) => before === null || message.id < before)
            .slice(0, limit)
        },
      },
    },
    providerControls: {
      async listProviderControls() {
        failIf('controls')
        return [...known.controls.values()]
      },
      ...recorded,
    },
    privacy: { ...recorded, getErasure: async () => null, listAuditLog: async () => [] },
    queue: {
      async append(lane, ids) {
        failIf('append')
        for (const id of ids) fake.enqueued.push([lane, id])
      },
      depth: async () => ({ total: 0, pending: 0, oldestAgeMs: null, shareAgesMs: [] }),
    },
    customers: {
      ...customersUnchanged,
      ...recorded,
      ...lookUps(known, failIf),
    },
    accounts: { ...noAccounts, ...recorded },
    deadLetters: { ...noDeadLetters, ...recorded },
    inbound: { ...createFakeInbound(fake.inbound), ...recorded },
    webhooks: noWebhooks,
    webhookUrls: { plainHttp: false, allowed: [] },
    databaseErrorKind,
    providerSecret: (name) =>
      name === 'primary' ? fakeSecret : name === 'silent' ? null : undefined,
    providers: () => fakeProviders,
    routes: () => noRules,
    adminToken: fakeAdminToken,
    logger,
    registry,
    clock: systemClock,
    limits: { acceptInFlightMax: 20_000, queueDepthMax: 1_000 },
    replayAgeMsMax: 86_400_000,
    validityMs: 60_000,
    senderIdDefault: null,
    counters: createMemoryCounters(memoryCountersDefault),
    traffic: { limits: {}, guard: {} },
    text: { segmentsMax: 30, smartEncodingDefault: false },
    numbers: {},
    reportMatchWindowMs: 60_000,
    isStopping: () => false,
    readiness: async () => ({ ready: true, checks: { postgres: 'ok' } }),
    console: null,
    tracing: null,
    metricsText: () => registry.metrics(),
    version: '1.2.3',
    ...overrides,
  })

  async function send(
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const init =
      body === undefined
        ? { headers }
        : {
            method: 'POST',
            body: typeof body === 'string' ? body : JSON.stringify(body),
            headers: { 'content-type': 'application/json', ...headers },
          }
    return await fetch(new Request(`http://localhost${path}`, init))
  }

  function fetch(request: Request, peerAddress = '127.0.0.1'): Response | Promise<Response> {
    return api.fetch(request, () => peerAddress)
  }

  async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const found = await registry.getSingleMetric(name)?.get()
    const wanted = JSON.stringify(Object.entries(labels).sort())
    const values = found?.values ?? []
    const match = values.find(
      (value) => JSON.stringify(Object.entries(value.labels).sort()) === wanted,
    )
    return match?.value ?? 0
  }

  return Object.assign(fake, api, { fetch })
}

const isOf = (id: string, customerId: number | null) => (message: StoredMessage) =>
  message.id === id && (customerId === null || message.customerId === customerId)

/** A stored message with an id of that moment. */
export function storedMessage(changes: Partial<StoredMessage> = {}): StoredMessage {
  return {
    id: Bun.randomUUIDv7(),
    customerId: 7,
    lane: 'normal',
    status: 'sent',
    recipient: '+491701234567',
    senderId: null,
    text: 'hello',
    price: null,
    redaction: null,
    attempts: 1,
    provider: 'primary',
    providerMessageId: 'p-1',
    failures: [],
    sentAt: new Date('2026-01-31T12:00:00.000Z'),
    finalAt: null,
    expiresAt: new Date('2026-02-01T12:00:00.000Z'),
    ...changes,
  }
}
