/** Erasure by number: asked for here, carried out by the processors. By staff for everybody, by a customer's key for its own. */
import { isMessageId } from '../domain/message-id.ts'
import { maskPhone } from '../domain/redaction.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Erasure } from '../store/erasures.ts'
import type { Store } from '../store/store.ts'
import { type Access, actorOf, type Caller, isProblem } from './caller.ts'
import { type ErasureBody, newErasureSchema } from './erasure-schemas.ts'
import { bodyFaults, invalidRequest } from './faults.ts'
import { type Problem, passingProblem, problemResponse } from './problems.ts'
import type { ReadJson } from './request-body.ts'
import { type Exchange, jsonResponse, type Route } from './route.ts'
import { type ClassifyDatabaseError, storeFailure } from './store-failure.ts'

export interface ErasureRoutesOptions {
  readonly store: Pick<Store, 'recorded' | 'getErasure'>
  readonly access: Access
  readonly classify: ClassifyDatabaseError
  readonly readJson: ReadJson
  readonly logger: Logger
}

export const erasuresPath = '/api/v1/erasures'
const bodyBytesMax = 1_024

export function erasureRoutes(options: ErasureRoutesOptions): Route[] {
  const { store, access, classify, readJson, logger } = options

  /** Who has a customer's key and may send; all others have to be administrators. */
  async function callerOf(exchange: Exchange): Promise<Caller | Problem> {
    const caller = await access(exchange, 'send')
    if (!isProblem(caller) && caller.customerId !== null) return caller
    if (isProblem(caller) && caller.kind !== 'forbidden') return caller
    return await access(exchange, 'admin')
  }

  async function request(exchange: Exchange, caller: Caller): Promise<Response | Problem> {
    const body = await readJson(exchange.request, { bytesMax: bodyBytesMax })
    if (!body.ok) return body.failure.problem
    const parsed = newErasureSchema.safeParse(body.value)
    if (!parsed.success) return invalidRequest(bodyFaults(parsed.error))
    const { phone, customer_id } = parsed.data
    if (caller.customerId !== null && (customer_id ?? caller.customerId) !== caller.customerId) {
      return invalidRequest([
        { pointer: '/customer_id', detail: 'must be the customer of the API key' },
      ])
    }
    const erasure = await askErasure(
      store,
      actorOf(exchange, caller),
      phone,
      caller.customerId ?? customer_id ?? null,
    )
    if (erasure === null) return tooMany
    const { id } = erasure
    logger.info({ event: 'erasure.requested', request_id: exchange.requestId, erasure_id: id })
    return jsonResponse(toErasureBody(erasure), 202, { location: `${erasuresPath}/${id}` })
  }

  async function show({ param }: Exchange, { customerId }: Caller): Promise<Response | Problem> {
    const id = param('id').toLowerCase()
    const erasure = isMessageId(id) ? await store.getErasure(id, customerId) : null
    return erasure === null ? erasureNotFound : jsonResponse(toErasureBody(erasure))
  }

  const forCallers =
    (handle: (exchange: Exchange, caller: Caller) => Promise<Response | Problem>) =>
    async (exchange: Exchange): Promise<Response> => {
      const { requestId } = exchange
      const caller = await callerOf(exchange)
      if (isProblem(caller)) return problemResponse(caller, requestId)
      try {
        const answered = await handle(exchange, caller)
        return answered instanceof Response ? answered : problemResponse(answered, requestId)
      } catch (error) {
        const failure = storeFailure(error, classify)
        if (failure === null) throw error
        return problemResponse(failure.problem, requestId)
      }
    }

  return [
    { method: 'POST', path: erasuresPath, handle: forCallers(request) },
    { method: 'GET', path: `${erasuresPath}/:id`, handle: forCallers(show) },
  ]
}

/** Null when too many are at work. */
export function askErasure(
  store: Pick<Store, 'recorded'>,
  by: Parameters<Store['recorded']>[0],
  phone: string,
  customerId: number | null,
): Promise<Erasure | null> {
  const erasure = { id: Bun.randomUUIDv7(), customerId, phone, phoneMasked: maskPhone(phone) }
  return store.recorded(
    by,
    (changes) => changes.requestErasure(erasure),
    (requested) =>
      requested && {
        action: 'erasure.requested',
        target: requested.id,
        detail: { customer_id: customerId },
      },
  )
}

const tooMany = passingProblem('overloaded', 'Too many erasures are at work.', 60)
const erasureNotFound: Problem = {
  kind: 'erasure-not-found',
  detail: 'No erasure has this id; what became of one is told for 90 days.',
}

export function toErasureBody(erasure: Erasure): ErasureBody {
  return {
    id: erasure.id,
    status: erasure.finishedAt === null ? 'at_work' : 'finished',
    phone: erasure.phoneMasked,
    customer_id: erasure.customerId,
    redacted: erasure.redacted,
    canceled: erasure.canceled,
    pending: erasure.pending,
    requested_at: erasure.requestedAt.toISOString(),
    finished_at: erasure.finishedAt?.toISOString() ?? null,
  }
}
