/** Taking what people send to our numbers: what comes in several requests is stored in one commit. */
import { dayMs } from '../domain/duration.ts'
import type { InboundItem } from '../domain/inbound-message.ts'
import { parseUserDataHeader } from '../domain/user-data-header.ts'
import { createBatcher } from '../runtime/batcher.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Store } from '../store/store.ts'
import type { InboundMetrics } from './inbound-metrics.ts'
import type { InboundItemBody } from './inbound-schemas.ts'
import type { ClassifyDatabaseError } from './store-failure.ts'

export interface InboundIntakeOptions {
  readonly store: Pick<Store, 'takeInbound'>
  readonly classify: ClassifyDatabaseError
  readonly metrics: InboundMetrics
  readonly clock: Clock
}

export interface InboundIntake {
  /** Resolves once they are stored. @throws what `storeFailure` explains */
  store(provider: string, items: readonly InboundItemBody[]): Promise<void>
  close(): Promise<void>
}

const batchMax = 1_000
/** Two statements at once would wait for each other's rows. */
const flightsMax = 1
const lingerMs = 1
/** Messages waiting or being stored; a provider that is refused sends again. */
const pendingMax = 10_000

/** A provider's clock may be wrong by so much; later than that, or long ago, says nothing about when it happened. */
const futureMsMax = dayMs
const pastMsMax = 30 * dayMs

export function createInboundIntake(options: InboundIntakeOptions): InboundIntake {
  const { store, classify, metrics, clock } = options

  const batcher = createBatcher<InboundItem, true>({
    name: 'inbound',
    batchMax,
    pendingMax,
    flightsMax,
    lingerMs,
    run: take,
    isItemFault: (error) => classify(error) === 'data',
  })

  async function take(items: readonly InboundItem[]): Promise<readonly true[]> {
    const { fresh, emitted } = await store.takeInbound(items)
    metrics.repeated.inc(items.length - fresh)
    for (const { provider, action, isRouted } of emitted) {
      metrics.stored.inc({ provider, action: action ?? 'none' })
      if (!isRouted) metrics.unrouted.inc()
    }
    return items.map(() => true)
  }

  return {
    async store(provider, items) {
      const nowMs = clock.now()
      metrics.received.inc({ provider }, items.length)
      await batcher.addGroup(items.map((item) => toItem(provider, item, nowMs)))
    },
    close: () => batcher.close(),
  }
}

function toItem(provider: string, body: InboundItemBody, nowMs: number): InboundItem {
  const givenMs = typeof body.received_at === 'string' ? Date.parse(body.received_at) : Number.NaN
  return {
    id: Bun.randomUUIDv7('hex', nowMs),
    provider,
    providerMessageId: body.message_id ?? null,
    sender: body.from,
    recipient: body.to,
    text: body.text,
    part: partOf(body),
    receivedAtMs: givenMs <= nowMs + futureMsMax && givenMs >= nowMs - pastMsMax ? givenMs : null,
  }
}

/** Of a message in one part there is nothing to wait for. */
function partOf({ part, udh }: InboundItemBody): InboundItem['part'] {
  const parsed = typeof udh === 'string' ? parseUserDataHeader(udh) : { part: part ?? null }
  return 'fault' in parsed || parsed.part === null || parsed.part.total === 1 ? null : parsed.part
}
