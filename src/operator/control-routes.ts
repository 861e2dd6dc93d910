/** The operator's own HTTP interface: health, metrics, behaviour, counters and evidence. Off the hot path. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Registry } from 'prom-client'
import { z } from 'zod'
import { errorAnswer } from './answers.ts'
import { behaviourDefault, changeBehaviour } from './behaviour.ts'
import { arrivals, duplicates, referencesPerRequestMax, verify } from './evidence.ts'
import type { Hangs } from './hangs.ts'
import type { Identity } from './identity.ts'
import { inboundItems, inboundSchema } from './inbound.ts'
import { postInbound } from './inbound-post.ts'
import { referenceLengthMax } from './submission.ts'

/** Longest body of a behaviour or a reset, in bytes. */
const controlBytesMax = 65_536
/** Longest body that names references, in bytes: room for the most of them as UUIDs, twice. */
export const referencesBytesMax = 8 * 1_048_576

export interface ControlContext {
  readonly identities: ReadonlyMap<string, Identity>
  readonly hangs: Hangs
  /** Served at `/metrics`; without it there is none. */
  readonly registry: Registry | null
  /** Whether submits are taken, for `/health/ready`. */
  readonly isReady: () => boolean
}

const referencesSchema = z.strictObject({
  references: z.array(z.string().max(referenceLengthMax)).max(referencesPerRequestMax),
})

export function controlRoutes(context: ControlContext): Hono {
  const app = new Hono()
  const identities = [...context.identities.values()]
  const small = bodyLimit({ maxSize: controlBytesMax, onError: tooLarge })
  const large = bodyLimit({ maxSize: referencesBytesMax, onError: tooLarge })

  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/health/ready', (c) =>
    context.isReady() ? c.json({ status: 'ok' }) : c.json({ status: 'stopping' }, 503),
  )
  app.get('/metrics', async (c) => {
    if (context.registry === null) return notFound(c)
    return c.body(await context.registry.metrics(), 200, {
      'content-type': context.registry.contentType,
    })
  })

  app.get('/control/counters', (c) =>
    c.json({
      identities: Object.fromEntries(identities.map((one) => [one.name, countersOf(one)])),
      hanging: context.hangs.size,
    }),
  )
  app.get('/control/duplicates', async (c) => c.json(await duplicates(identities)))
  app.post('/control/reset', (c) => {
    for (const identity of identities) identity.reset()
    return c.body(null, 204)
  })
  app.post('/control/verify', large, (c) =>
    withReferences(c, (references) => c.json(verify(identities, references))),
  )
  app.post('/control/arrivals', large, (c) =>
    withReferences(c, (references) => c.json({ arrivals: arrivals(identities, references) })),
  )

  app.get('/control/:identity/behaviour', (c) =>
    withIdentity(c, (identity) => c.json(identity.behaviour())),
  )
  app.put('/control/:identity/behaviour', small, (c) =>
    withIdentity(c, async (identity) => putBehaviour(c, identity, await readJson(c))),
  )
  app.delete('/control/:identity/behaviour', (c) =>
    withIdentity(c, (identity) => {
      identity.behave(behaviourDefault, true)
      return c.json(identity.behaviour())
    }),
  )
  app.get('/control/:identity/counters', (c) =>
    withIdentity(c, (identity) => c.json(countersOf(identity))),
  )
  app.post('/control/:identity/inbound-messages', small, (c) =>
    withIdentity(c, async (identity) => sendInbound(c, identity, await readJson(c))),
  )
  app.post('/control/:identity/reset', (c) =>
    withIdentity(c, (identity) => {
      identity.reset()
      return c.body(null, 204)
    }),
  )
  app.get('/control/:identity/references/:reference', (c) =>
    withIdentity(c, (identity) => {
      const record = identity.ledger.find(c.req.param('reference') ?? '')
      if (record === null) return notFound(c)
      const { idempotencyKeys, arrivedMs, ...counts } = record
      return c.json({ ...counts, idempotency_keys: idempotencyKeys, arrived_ms: arrivedMs })
    }),
  )

  app.notFound(notFound)
  // The server's own error handler answers and logs.
  app.onError((error) => {
    throw error
  })

  type Answer = Response | Promise<Response>

  function withIdentity(c: Context, use: (identity: Identity) => Answer): Answer {
    const identity = context.identities.get(c.req.param('identity') ?? '')
    return identity === undefined ? notFound(c) : use(identity)
  }

  return app
}

async function withReferences(
  c: Context,
  use: (references: readonly string[]) => Response,
): Promise<Response> {
  const parsed = referencesSchema.safeParse(await readJson(c))
  if (parsed.success) return use(parsed.data.references)
  const detail = `the body must be {"references": [at most ${referencesPerRequestMax} strings]}`
  return errorAnswer(400, 'invalid_request', detail)
}

function putBehaviour(c: Context, identity: Identity, patch: unknown): Response {
  const change = changeBehaviour(identity.behaviour(), patch)
  if (change.kind === 'faulty') {
    const detail = 'the behaviour is unchanged; errors lists every fault'
    return c.json({ error_code: 'invalid_behaviour', detail, errors: change.faults }, 400)
  }
  identity.behave(change.behaviour, Object.hasOwn(patch as object, 'seed'))
  return c.json(change.behaviour)
}

async function sendInbound(c: Context, identity: Identity, body: unknown): Promise<Response> {
  const parsed = inboundSchema.safeParse(body)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    return errorAnswer(400, 'invalid_request', faults.join('; '))
  }
  const { url, one_by_one: oneByOne } = parsed.data
  const items = inboundItems(parsed.data, identity.random)
  const statuses = await postInbound({ url, secret: identity.secret, items, oneByOne })
  return c.json({ sent: items, statuses })
}

/** Undefined for what is no JSON: no schema here accepts it. */
async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json()
  } catch {
    return undefined
  }
}

function countersOf({ counters, reports, ledger }: Identity) {
  return {
    ...counters,
    reports: { ...counters.reports, pending: reports.pending },
    references: { remembered: ledger.size, forgotten: ledger.forgotten },
  }
}

function notFound(c: Context): Response {
  return errorAnswer(404, 'not_found', `nothing at ${c.req.method} ${c.req.path}`)
}

function tooLarge(): Response {
  return errorAnswer(413, 'too_large', 'the body is too large')
}
